import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { mediaTypeOf } from '../../../contracts/content.ts'
import { digestKey } from '../digest-key.ts'
import { readElements } from '../elements.ts'
import { mailAsJson, readMailForm, textOf } from '../mail-form.ts'
import type { FormPart } from '../multipart.ts'
import { type EventFacts, oneEvent, type Preset, textAt, valueAt } from '../preset.ts'
import { publicKeySigner } from '../public-key.ts'
import { type Secret, strictBase64 } from '../secret.ts'
import { unixTime } from '../unix-time.ts'
import { composeSendgrid, samples } from './sendgrid-samples.ts'

const TOLERANCE_SECONDS = 300
// What a mail may have with Inbound Parse.
const LARGEST_BODY = 30 * 1024 * 1024
// SendGrid ends an array at 768 KB: far fewer events than this.
const MOST_ELEMENTS = 10_000

/**
 * SendGrid's signed event webhook and Inbound Parse with a signature: ECDSA over time and body, at most 300 s old or
 * ahead. Each element of an array of events is an event of its own: type `event`, subject the address, key
 * `sg_event_id`. A mail is one event `inbound.email` for its recipient, as JSON with its attachments as `files`.
 *
 * @see https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
 */
export function sendgrid(
  publicKeyVariable: string,
  { toleranceSeconds = TOLERANCE_SECONDS }: { toleranceSeconds?: number } = {},
): Preset {
  const header = 'x-twilio-email-event-webhook-signature'
  const signer = publicKeySigner({
    hash: 'sha256',
    header,
    encoding: 'base64',
    decode(signature) {
      const bytes = strictBase64(signature)
      return bytes === null || bytes.length === 0 ? null : bytes
    },
    timeHeader: 'x-twilio-email-event-webhook-timestamp',
    toleranceSeconds,
  })

  return {
    name: 'sendgrid',
    secret: publicKeySecret(publicKeyVariable),
    signatureHeaders: [header],
    mediaTypes: ['application/json', 'multipart/form-data'],
    limitBytes: LARGEST_BODY,
    verify: signer.verify,
    retries: true,

    read({ headers, body }, data) {
      const contentType = headers['content-type'] ?? ''
      if (mediaTypeOf(contentType) !== 'multipart/form-data') {
        return readElements(body, { data, most: MOST_ELEMENTS, facts: eventFacts })
      }
      const parts = readMailForm(contentType, body)
      return oneEvent(
        parts === null ? { type: 'inbound.email', unreadable: true } : mailFacts(parts),
      )
    },

    samples,
    compose: (sampling) => composeSendgrid(sampling, signer.sign),
  }
}

const publicKeySecret = (variable: string): Secret => ({
  variable,
  meaning: 'Verification key, base64',
  keyOf(secret) {
    const fault = 'is no public key of P-256 in base64'
    const der = strictBase64(secret)
    if (der === null) return fault
    try {
      const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
      return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : fault
    } catch {
      return fault
    }
  },
  make() {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    return {
      verifying: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
      signing: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    }
  },
})

const eventFacts = (element: unknown, bytes: Uint8Array): EventFacts => ({
  key: textAt(element, 'sg_event_id') ?? digestKey(bytes),
  type: textAt(element, 'event') ?? 'unknown',
  subject: textAt(element, 'email'),
  time: unixTime(valueAt(element, 'timestamp'), 's'),
})

// Where SendGrid hands over the whole message, its headers are its beginning.
const HEADERS_WITHIN = 64 * 1024

function mailFacts(parts: FormPart[]): EventFacts {
  const charsets = parsed(textOf(parts, 'charsets'))
  const envelope = textOf(parts, 'envelope') ?? ''
  const headers = textOf(parts, 'headers') ?? textOf(parts, 'email')?.slice(0, HEADERS_WITHIN) ?? ''
  return {
    // SendGrid gives a mail no id, and the sender's `Message-ID` is anybody's choice.
    key: digestKey(JSON.stringify([envelope, headers])),
    type: 'inbound.email',
    subject: textAt(parsed(envelope), 'to', '0') ?? textOf(parts, 'to'),
    part: mailAsJson(parts, { charsetOf: (field) => textAt(charsets, field) }),
  }
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}
