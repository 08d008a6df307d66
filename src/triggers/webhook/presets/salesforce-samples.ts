import type { ComposedRequest, Sampling } from '../preset.ts'

/** A sample as Salesforce would send it, with what a proxy says about its certificate. */
export function composeSalesforce(
  { url, type, data, id }: Sampling,
  certificateHeaders: Record<string, string>,
): ComposedRequest {
  const fields = typeof data === 'object' && data !== null ? Object.entries(data) : []
  const [sObject = 'sObject'] = type.split('.')
  const message = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">',
    '<soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound">',
    '<OrganizationId>00D000000000001EAA</OrganizationId><ActionId>04k000000000001AAA</ActionId>',
    '<SessionId xsi:nil="true"/>',
    '<EnterpriseUrl>https://acme.my.salesforce.com/services/Soap/c/60.0/00D000000000001</EnterpriseUrl>',
    `<Notification><Id>${escaped(id)}</Id>`,
    `<sObject xsi:type="sf:${escaped(sObject)}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">`,
    ...fields.map(([name, value]) => `<sf:${name}>${escaped(String(value))}</sf:${name}>`),
    '</sObject></Notification></notifications></soapenv:Body></soapenv:Envelope>',
  ].join('\n')
  return {
    method: 'POST',
    url,
    headers: {
      'content-type': 'text/xml; charset=utf-8',
      soapaction: '""',
      ...certificateHeaders,
    },
    body: new TextEncoder().encode(message),
  }
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

/** Typical records by the type of their event. */
export const samples = {
  'Opportunity.notified': {
    Id: '006000000000001AAA',
    Name: 'Acme, 1,200 widgets',
    StageName: 'Closed Won',
    Amount: '56500.0',
  },
  'Case.notified': {
    Id: '500000000000001AAA',
    Subject: 'The checkout is down',
    Priority: 'High',
    Status: 'New',
  },
}
