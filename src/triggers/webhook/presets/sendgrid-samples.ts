import type { ComposedRequest, Sampling } from '../preset.ts'
import { printMultipart } from '../multipart.ts'
import { pkcs8Key } from '../secret.ts'
import type { Signer } from '../signature-scheme.ts'
import { composeSigned, objectOf } from './compose.ts'

// The same for all: nothing in a sample looks like it.
const BOUNDARY = 'onset-sample-boundary'

/** A sample as SendGrid would send it: an array of events that ends in CRLF, or a mail in parts. */
export function composeSendgrid(sampling: Sampling, signer: Pick<Signer, 'sign'>): ComposedRequest {
  const isMail = sampling.type === 'inbound.email'
  const { contentType, body } = isMail ? mail(sampling) : events(sampling)
  const headers = { 'content-type': contentType }
  return composeSigned(sampling, { signer, keyOf: pkcs8Key, body, headers })
}

function events({ data, id }: Sampling): { contentType: string; body: Uint8Array } {
  const named = typeof data === 'object' && data !== null && !Array.isArray(data)
  const elements = named ? [{ ...data, sg_event_id: id }] : data
  return { contentType: 'application/json', body: Buffer.from(`${JSON.stringify(elements)}\r\n`) }
}

function mail({ data, id }: Sampling): { contentType: string; body: Uint8Array } {
  const named = { headers: `Message-ID: <${id}@example.com>\n`, ...objectOf(data) }
  const parts = Object.entries<unknown>(named).map(([name, value]) => ({
    name,
    content: Buffer.from(String(value)),
  }))
  const contentType = `multipart/form-data; boundary=${BOUNDARY}`
  return { contentType, body: printMultipart(BOUNDARY, parts) }
}

/** Typical requests of SendGrid by the type of their event. */
export const samples = {
  bounce: {
    email: 'ada@example.com',
    event: 'bounce',
    reason: '550 5.1.1 The email account does not exist.',
    sg_message_id: '14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0',
    'smtp-id': '<14c5d75ce93.dfd.64b469@ismtpd-555>',
    timestamp: 1_777_000_000,
  },
  delivered: {
    email: 'ada@example.com',
    event: 'delivered',
    response: '250 OK',
    sg_message_id: '14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.1',
    timestamp: 1_777_000_000,
  },
  'inbound.email': {
    from: 'Ada <ada@example.com>',
    to: 'support@parse.example.net',
    subject: 'The invoice is wrong',
    text: 'Our last invoice has the old address on it. Could you send it again?',
    envelope: '{"to":["support@parse.example.net"],"from":"ada@example.com"}',
    charsets: '{"to":"UTF-8","from":"UTF-8","subject":"UTF-8","text":"UTF-8"}',
    attachments: '0',
    dkim: '{@example.com : pass}',
    SPF: 'pass',
    spam_score: '0.1',
  },
}
