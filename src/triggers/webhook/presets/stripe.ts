import { hmacSigner } from '../hmac.ts'
import { textAt, valueAt } from '../body-readers.ts'
import { oneEvent, type Preset } from '../preset.ts'
import { textSecret } from '../secret.ts'
import { pairs } from '../signature-header.ts'
import { unixTime } from '../unix-time.ts'
import { composeSigned, sampleWith } from './compose.ts'
import { samples } from './stripe-samples.ts'

const TOLERANCE_SECONDS = 300
// So long can an event be sent again by hand.
const REMEMBERS_DAYS = 30

/**
 * Stripe webhooks: `Stripe-Signature` with `t` and one or more `v1` over time and body, at most 300 s old or ahead; the
 * key is the whole secret, `whsec_` included, and `v0` does not count. The type is the body's `type`, the key its `id`,
 * the subject the id of the object. Thin events (`v2.core.event`) name their object and say no more.
 *
 * @see https://docs.stripe.com/webhooks?verify=verify-manually
 */
export function stripe(
  secretVariable: string,
  { toleranceSeconds = TOLERANCE_SECONDS }: { toleranceSeconds?: number } = {},
): Preset {
  const secret = textSecret(secretVariable, 'Signing secret, whsec_…')
  const signer = hmacSigner({
    header: 'stripe-signature',
    form: pairs({ signature: 'v1', time: 't' }),
    encoding: 'hex',
    time: { unit: 's', toleranceSeconds },
    signed: '{time}.{body}',
  })

  return {
    name: 'stripe',
    secret,
    signatureHeaders: ['stripe-signature'],
    mediaTypes: ['application/json'],
    verify: signer.verify,
    volatile: ['pending_webhooks'],
    remembersDays: REMEMBERS_DAYS,
    retries: true,

    read: (_, data) =>
      oneEvent({
        key: textAt(data, 'id'),
        type: textAt(data, 'type') ?? 'unknown',
        subject: textAt(data, 'data', 'object', 'id') ?? textAt(data, 'related_object', 'id'),
        // Thin events write their time down in words.
        time: unixTime(valueAt(data, 'created'), 's') ?? textAt(data, 'created'),
      }),

    samples,
    compose: (sampling) =>
      composeSigned(sampling, {
        signer,
        keyOf: secret.keyOf,
        body: sampleWith(sampling.data, { id: sampling.id }),
        headers: { 'content-type': 'application/json' },
      }),
  }
}
