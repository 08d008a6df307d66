import { jsonPart } from '../elements.ts'
import { oneEvent, type Preset } from '../preset.ts'
import { readNotifications, withoutSessions } from '../soap.ts'
import { type CertificateOptions, clientCertificate } from './client-certificate.ts'
import { composeSalesforce, samples } from './salesforce-samples.ts'

interface SalesforceOptions extends Pick<
  CertificateOptions,
  'header' | 'verifiedHeader' | 'verifiedValue'
> {
  /** The variable with Salesforce's addresses. */
  addresses: string
}

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
    addressesVariable: addresses,
    needsProxy: true,
    verify,
    redactRaw: withoutSessions,
    retries: true,

    read({ body }) {
      const notifications = readNotifications(body)
      if (notifications === null) return oneEvent({ type: 'unknown', unreadable: true })
      const events = notifications.map(({ id, type, recordId, data }) => ({
        key: id,
        type: `${type}.notified`,
        subject: recordId,
        part: jsonPart(JSON.stringify(data)),
      }))
      return { outcome: 'events', events }
    },

    answer: () => ({ status: 200, contentType: 'text/xml; charset=utf-8', body: ACKNOWLEDGED }),

    samples,
    compose: (sampling) =>
      composeSalesforce(sampling, {
        [header.toLowerCase()]: sampling.secret,
        ...(verifiedHeader === undefined ? {} : { [verifiedHeader.toLowerCase()]: verifiedValue }),
      }),
  }
}

const ACKNOWLEDGED =
  '<?xml version="1.0" encoding="UTF-8"?>' +
  '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>' +
  '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>' +
  '</soapenv:Body></soapenv:Envelope>'
