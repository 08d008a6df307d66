import { jsonPart } from '../elements.ts'
import { textAt } from '../body-readers.ts'
import { type EventFacts, oneEvent, type Preset } from '../preset.ts'
import { withoutSessions } from '../soap.ts'
import { type CertificateOptions, clientCertificate } from './client-certificate.ts'
import { composeSalesforce, samples } from './salesforce-samples.ts'

interface SalesforceOptions extends Pick<
  CertificateOptions,
  'header' | 'verifiedHeader' | 'verifiedValue'
> {
  /** The variable with Salesforce's addresses. */
  addresses: string
}

// A hundred notifications with 20 KB each.
const LARGEST_BODY = 2 * 1024 * 1024

/**
 * Salesforce's outbound messages, which nobody signs: Salesforce shows its certificate to the proxy in front, which is
 * trusted to name it in a header; the variable holds what it must name. Each notification is an event of its own: type
 * `<sObject>.notified`, subject the record's id, key the notification's id, and as JSON the record's fields. The session
 * that a message may carry is dropped before anything is kept.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging.htm
 */
export function salesforce(
  certificateVariable: string,
  { addresses, ...certificate }: SalesforceOptions,
): Preset {
  const { secret, signatureHeaders, verify } = clientCertificate(certificateVariable, certificate)
  const { header, verifiedHeader, verifiedValue = 'SUCCESS' } = certificate

  return {
    name: 'salesforce',
    secret,
    signatureHeaders,
    mediaTypes: ['text/xml'],
    limitBytes: LARGEST_BODY,
    addressesVariable: addresses,
    needsProxy: true,
    verify,
    signsBody: false,
    opening: { as: 'notifications' },
    redactRaw: withoutSessions,
    retries: true,

    read: (_, notifications) =>
      Array.isArray(notifications)
        ? { outcome: 'events', events: notifications.map(factsOf) }
        : oneEvent({ type: 'unknown', unreadable: true }),

    answer: () => ({ status: 200, contentType: 'text/xml; charset=utf-8', body: ACKNOWLEDGED }),

    samples,
    compose: (sampling) =>
      composeSalesforce(sampling, {
        [header.toLowerCase()]: sampling.secret,
        ...(verifiedHeader === undefined ? {} : { [verifiedHeader.toLowerCase()]: verifiedValue }),
      }),
  }
}

// A notification as `soap.ts` has read it.
const factsOf = (notification: unknown): EventFacts => ({
  key: textAt(notification, 'id'),
  type: `${textAt(notification, 'type')}.notified`,
  subject: textAt(notification, 'recordId'),
  part: jsonPart(textAt(notification, 'text') ?? ''),
})

const ACKNOWLEDGED =
  '<?xml version="1.0" encoding="UTF-8"?>' +
  '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>' +
  '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>' +
  '</soapenv:Body></soapenv:Envelope>'
