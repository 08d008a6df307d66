import { hmacSigner, refused } from '../hmac.ts'
import { textAt } from '../body-readers.ts'
import { oneEvent, type Preset } from '../preset.ts'
import { textSecret } from '../secret.ts'
import { list, pairs } from '../signature-header.ts'
import { composeSigned, distinctBody } from './compose.ts'

const TOLERANCE_SECONDS = 300
const SIGNATURE = 'x-convoy-signature'

/**
 * Webhooks that Convoy delivers: bare hex over the body, or `t=…,v1=…` over time, a comma and the body, then at most
 * 300 s old or ahead. The type is the body's `event`, `event_type` or `type`, the key `X-Convoy-Idempotency-Key`, which
 * nobody signs.
 *
 * @see https://docs.getconvoy.io/product-manual/signatures
 */
export function convoy(
  secretVariable: string,
  { toleranceSeconds = TOLERANCE_SECONDS }: { toleranceSeconds?: number } = {},
): Preset {
  const secret = textSecret(secretVariable)
  const simple = hmacSigner({
    header: SIGNATURE,
    form: list({ prefix: '', separator: ',' }),
    encoding: 'hex',
    signed: '{body}',
  })
  const timed = hmacSigner({
    header: SIGNATURE,
    form: pairs({ signature: 'v1', time: 't' }),
    encoding: 'hex',
    time: { unit: 's', toleranceSeconds },
    signed: '{time},{body}',
  })

  return {
    name: 'convoy',
    secret,
    signatureHeaders: [SIGNATURE],
    mediaTypes: ['application/json'],
    verify(request, keys, nowMs) {
      if (request.headers[SIGNATURE]?.includes('=') === true) {
        return timed.verify(request, keys, nowMs)
      }
      // What is signed with a time and a comma in front would hold for ever as a body without a time.
      return beginsWithTime(request.body)
        ? refused('body', 'The body begins with what could be the time of another signature.')
        : simple.verify(request, keys, nowMs)
    },
    keyIsUnsigned: true,
    retries: true,

    read: ({ headers }, data) =>
      oneEvent({
        key: headers['x-convoy-idempotency-key'],
        type:
          textAt(data, 'event') ?? textAt(data, 'event_type') ?? textAt(data, 'type') ?? 'unknown',
        subject: textAt(data, 'data', 'id'),
      }),

    samples,
    compose: (sampling) =>
      composeSigned(sampling, {
        signer: timed,
        keyOf: secret.keyOf,
        body: distinctBody(sampling),
        headers: { 'content-type': 'application/json', 'x-convoy-idempotency-key': sampling.id },
      }),
  }
}

const beginsWithTime = (body: Uint8Array): boolean =>
  /^\d{1,13},/.test(Buffer.from(body.subarray(0, 14)).toString('latin1'))

const samples = {
  'charge.success': {
    event: 'charge.success',
    data: { id: 'ch_1', amount: 1_000, currency: 'NGN' },
  },
  'transfer.failed': {
    event: 'transfer.failed',
    data: { id: 'tr_1', reason: 'The account is closed.' },
  },
}
