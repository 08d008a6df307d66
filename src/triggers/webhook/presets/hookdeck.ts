import { hmacSigner } from '../hmac.ts'
import { textAt } from '../body-readers.ts'
import { oneEvent, type Preset } from '../preset.ts'
import { textSecret } from '../secret.ts'
import { single } from '../signature-header.ts'
import { composeSigned, distinctBody } from './compose.ts'

const SIGNATURE = 'x-hookdeck-signature'
const SECOND_SIGNATURE = 'x-hookdeck-signature-2'

/**
 * Whatever Hookdeck passes on: `X-Hookdeck-Signature` over the body, and `X-Hookdeck-Signature-2` with the other secret
 * while one is rotated. What Hookdeck itself has verified (`X-Hookdeck-Verified`) is not signed and does not count. The
 * type is the body's `type`, else the name of Hookdeck's source; the key `X-Hookdeck-EventID`, which nobody signs.
 *
 * @see https://hookdeck.com/docs/signature-verification
 */
export function hookdeck(secretVariable: string): Preset {
  const secret = textSecret(secretVariable)
  const first = signerOf(SIGNATURE)
  const second = signerOf(SECOND_SIGNATURE)

  return {
    name: 'hookdeck',
    secret,
    signatureHeaders: [SIGNATURE, SECOND_SIGNATURE],
    mediaTypes: ['*/*'],
    async verify(request, keys, nowMs) {
      const verdict = await first.verify(request, keys, nowMs)
      if (verdict.valid || !Object.hasOwn(request.headers, SECOND_SIGNATURE)) return verdict
      return second.verify(request, keys, nowMs)
    },
    keyIsUnsigned: true,
    retries: true,

    read: ({ headers }, data) =>
      oneEvent({
        key: headers['x-hookdeck-eventid'],
        type: textAt(data, 'type') ?? headers['x-hookdeck-source-name'] ?? 'unknown',
        subject: textAt(data, 'subject'),
      }),

    samples,
    compose: (sampling) =>
      composeSigned(sampling, {
        signer: first,
        keyOf: secret.keyOf,
        body: distinctBody(sampling),
        headers: {
          'content-type': 'application/json',
          'x-hookdeck-eventid': sampling.id,
          'x-hookdeck-source-name': 'shop',
        },
      }),
  }
}

const signerOf = (header: string) =>
  hmacSigner({ header, form: single(), encoding: 'base64', signed: '{body}' })

const samples = {
  'order.created': {
    type: 'order.created',
    subject: 'ord_1',
    data: { id: 'ord_1', total: '42.00' },
  },
  'order.cancelled': {
    type: 'order.cancelled',
    subject: 'ord_1',
    data: { id: 'ord_1', reason: 'It was square.' },
  },
}
