import { textAt } from '../body-readers.ts'
import { type EventFacts, oneEvent, type Preset } from '../preset.ts'
import { composeSigned, jsonBody } from './compose.ts'
import { standardSecret, standardSigningKey } from './standard-secret.ts'
import { standardSigner } from './standard-signature.ts'

const TOLERANCE_SECONDS = 300

/**
 * Webhooks in the Standard Webhooks form: HMAC (`v1`) or Ed25519 (`v1a`) over id, time and body, at most 300 s old or
 * ahead. The type is the body's `type`, the key `webhook-id`.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function standardWebhooks(
  secretVariable: string,
  { toleranceSeconds = TOLERANCE_SECONDS }: { toleranceSeconds?: number } = {},
): Preset {
  const secret = standardSecret(secretVariable)
  const signer = standardSigner({ family: 'webhook', toleranceSeconds })

  return {
    name: 'standard-webhooks',
    secret,
    signatureHeaders: [signer.signatureHeader],
    mediaTypes: ['application/json'],
    cloudEvents: true,
    retries: true,
    verify: signer.verify,
    read: ({ headers }, data) =>
      oneEvent({ key: headers[signer.idHeader], ...standardFacts(data) }),
    samples,
    compose: (sampling) =>
      composeSigned(sampling, {
        signer,
        keyOf: standardSigningKey,
        body: jsonBody(sampling.data),
        headers: { 'content-type': 'application/json', [signer.idHeader]: sampling.id },
      }),
  }
}

/** What a body in the form of the standard says. */
export const standardFacts = (data: unknown): EventFacts => ({
  type: textAt(data, 'type') ?? 'unknown',
  subject: textAt(data, 'subject'),
  time: textAt(data, 'timestamp'),
})

const samples = {
  'contact.created': {
    type: 'contact.created',
    timestamp: '2026-01-01T00:00:00Z',
    data: { id: 'c_1', email: 'ada@example.com' },
  },
  'invoice.paid': {
    type: 'invoice.paid',
    timestamp: '2026-01-01T00:00:00Z',
    data: { id: 'in_1', amount: 4_200, currency: 'eur' },
  },
}
