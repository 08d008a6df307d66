import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { mediaTypeOf } from '../../../contracts/content.ts'
import { digestKey } from '../digest-key.ts'
import { readElements } from '../elements.ts'
import { fieldOf, parsed } from '../mail-form.ts'
import { textAt, valueAt } from '../body-readers.ts'
import { type EventFacts, oneEvent, type Preset } from '../preset.ts'
import { publicKeySigner } from '../public-key.ts'
import { type Secret, strictBase64 } from '../secret.ts'
import { single } from '../signature-header.ts'
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
    form: single(),
    encoding: 'base64',
    decode(signature) {
      const bytes = strictBase64(signature)
      return bytes === null || bytes.length === 0 ? null : bytes
    },
    time: { header: 'x-twilio-email-event-webhook-timestamp', unit: 's', toleranceSeconds },
    signed: '{time}{body}',
  })

  return {
    name: 'sendgrid',
    secret: publicKeySecret(publicKeyVariable),
    signatureHeaders: [header],
    mediaTypes: ['application/json', 'multipart/form-data'],
    limitBytes: LARGEST_BODY,
    verify: signer.verify,
    opening: { as: 'mail', without: [], charsets: 'charsets' },
    retries: true,

    read({ headers, body }, data) {
      const contentType = headers['content-type'] ?? ''
      if (mediaTypeOf(contentType) !== 'multipart/form-data') {
        return readElements(body, { data, most: MOST_ELEMENTS, facts: eventFacts })
      }
      return oneEvent(
        data === undefined ? { type: 'inbound.email', unreadable: true } : mailFacts(data),
      )
    },

    samples,
    compose: (sampling) => composeSendgrid(sampling, signer),
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

function mailFacts(mail: unknown): EventFacts {
  const envelope = fieldOf(mail, 'envelope') ?? ''
  const headers = fieldOf(mail, 'headers') ?? fieldOf(mail, 'email')
  return {
    // SendGrid gives a mail no id, and the sender's `Message-ID` is anybody's choice.
    key:
      headers === undefined
        ? textAt(mail, 'digest')
        : digestKey(JSON.stringify([envelope, headers])),
    type: 'inbound.email',
    subject: textAt(parsed(envelope), 'to', '0') ?? fieldOf(mail, 'to'),
  }
}
