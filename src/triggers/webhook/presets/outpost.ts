import { hmacSigner } from '../hmac.ts'
import { textAt } from '../body-readers.ts'
import { oneEvent, type Preset } from '../preset.ts'
import { textSecret } from '../secret.ts'
import { list } from '../signature-header.ts'
import { composeSigned, distinctBody } from './compose.ts'
import { standardWebhooks } from './standard-webhooks.ts'

const SIGNATURE = 'x-outpost-signature'

/**
 * Webhooks that Outpost delivers: `X-Outpost-Signature: v0=…` with one signature per secret over the body; the key is
 * the whole secret, `whsec_` included. The type is `X-Outpost-Topic`, the key `X-Outpost-Event-Id`: nobody signs
 * either. Where it runs in the mode `standard`, it sends Standard Webhooks.
 *
 * @see https://outpost.hookdeck.com/docs/destinations/webhook
 */
export function outpost(
  secretVariable: string,
  { mode = 'default' }: { mode?: 'default' | 'standard' } = {},
): Preset {
  if (mode === 'standard') return { ...standardWebhooks(secretVariable), name: 'outpost' }
  const secret = textSecret(secretVariable)
  const signer = hmacSigner({
    header: SIGNATURE,
    form: list({ prefix: 'v0=', separator: ',' }),
    encoding: 'hex',
    signed: '{body}',
  })

  return {
    name: 'outpost',
    secret,
    signatureHeaders: [SIGNATURE],
    mediaTypes: ['application/json'],
    verify: signer.verify,
    keyIsUnsigned: true,
    retries: true,

    read: ({ headers }, data) =>
      oneEvent({
        key: headers['x-outpost-event-id'],
        type: headers['x-outpost-topic'] ?? 'unknown',
        subject: textAt(data, 'id'),
      }),

    samples,
    compose: (sampling) =>
      composeSigned(sampling, {
        signer,
        keyOf: secret.keyOf,
        body: distinctBody(sampling),
        headers: {
          'content-type': 'application/json',
          'x-outpost-event-id': sampling.id,
          'x-outpost-topic': sampling.type,
        },
      }),
  }
}

const samples = {
  'user.created': { id: 'usr_1', email: 'ada@example.com' },
  'order.shipped': { id: 'ord_1', carrier: 'pigeon' },
}
