import { readContent } from '../../../contracts/content.ts'
import { accepted, hmacSigner, refused } from '../hmac.ts'
import { textAt, valueAt } from '../body-readers.ts'
import { oneEvent, type Preset, type Verdict } from '../preset.ts'
import { textSecret } from '../secret.ts'
import { single } from '../signature-header.ts'
import { readSignedTime } from '../signed-time.ts'
import { composeSigned, sampleWith } from './compose.ts'

const TOLERANCE_SECONDS = 60

/**
 * Linear webhooks: `Linear-Signature` over the body, whose `webhookTimestamp` is at most 60 s old or ahead; the header
 * `Linear-Timestamp` is not signed and does not count. The type is the body's type and action (`Issue.create`), the
 * subject the identifier (`ENG-7`) or id, the key `Linear-Delivery`, which nobody signs.
 *
 * @see https://linear.app/developers/webhooks
 */
export function linear(
  secretVariable: string,
  { toleranceSeconds = TOLERANCE_SECONDS }: { toleranceSeconds?: number } = {},
): Preset {
  const secret = textSecret(secretVariable)
  const signer = hmacSigner({
    header: 'linear-signature',
    form: single(),
    encoding: 'hex',
    signed: '{body}',
  })

  return {
    name: 'linear',
    secret,
    signatureHeaders: ['linear-signature'],
    mediaTypes: ['application/json'],
    async verify(request, keys, nowMs) {
      const verdict = await signer.verify(request, keys, nowMs)
      return verdict.valid ? checkTime(verdict.key, request.body, nowMs) : verdict
    },
    keyIsUnsigned: true,
    volatile: ['webhookTimestamp'],
    retries: true,

    read({ headers }, data) {
      const action = textAt(data, 'action')
      const type = textAt(data, 'type') ?? 'unknown'
      return oneEvent({
        key: headers['linear-delivery'],
        type: action === undefined ? type : `${type}.${action}`,
        subject: textAt(data, 'data', 'identifier') ?? textAt(data, 'data', 'id'),
        time: textAt(data, 'createdAt'),
      })
    },

    samples,
    compose: (sampling) =>
      composeSigned(sampling, {
        signer,
        keyOf: secret.keyOf,
        body: sampleWith(sampling.data, {
          webhookTimestamp: sampling.now.getTime(),
          sample: sampling.id,
        }),
        headers: {
          'content-type': 'application/json',
          'linear-delivery': sampling.id,
          'linear-event': sampling.type.split('.', 1).join(''),
        },
      }),
  }

  // Of a body that cannot be read nobody knows how old it is.
  function checkTime(key: number, body: Uint8Array, nowMs: number): Verdict {
    const content = readContent('application/json', body)
    const said = content.readable ? valueAt(content.data, 'webhookTimestamp') : undefined
    if (typeof said !== 'number') {
      return refused('time', 'The body holds no number as webhookTimestamp.')
    }
    const time = readSignedTime(String(said), { unit: 'ms', toleranceSeconds }, nowMs)
    return time.ok ? accepted(key, time.ms) : refused('time', time.reason)
  }
}

const common = {
  organizationId: '1b5e3b6c-5c6f-4f6e-9b0a-2f6e1c3d4a5b',
  webhookId: '0f7c6a1e-2d3b-4c5d-8e9f-a0b1c2d3e4f5',
  createdAt: '2026-05-01T10:00:00.000Z',
}

const samples = {
  'Issue.create': {
    ...common,
    action: 'create',
    type: 'Issue',
    data: {
      id: '2174add1-f7c8-44e3-bbf3-2d60b5ea8bc9',
      identifier: 'ENG-7',
      title: 'Checkout is down in production',
      priority: 1,
    },
    url: 'https://linear.app/acme/issue/ENG-7',
  },
  'Comment.create': {
    ...common,
    action: 'create',
    type: 'Comment',
    data: { id: '539068e2-ae88-4d09-bd75-22eb4a59612f', body: 'It works again.' },
  },
}
