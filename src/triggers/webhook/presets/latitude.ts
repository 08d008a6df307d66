import { headerFault, single } from '../signature-header.ts'
import { hmacSigner, refused } from '../hmac.ts'
import { textAt } from '../body-readers.ts'
import { oneEvent, type Preset } from '../preset.ts'
import { jsonAnswer } from '../request.ts'
import { textSecret } from '../secret.ts'
import { composeSigned, distinctBody } from './compose.ts'

const SIGNATURE = 'x-latitude-signature'
const OLD_SIGNATURE = 'x-webhook-signature'
const DELIVERY = 'x-latitude-delivery'

/**
 * Latitude dispatches: `X-Latitude-Signature: sha256=…` over the body, together with `X-Latitude-Delivery`; older
 * senders write bare hex, there or in `X-Webhook-Signature`. The type is the body's `trigger`, the key the delivery,
 * which nobody signs. The answer tells Latitude which event it became and where to look at it. Its `prompt` comes from
 * outside: it is data.
 *
 * @see https://github.com/latitude-dev/latitude-llm
 */
export function latitude(secretVariable: string): Preset {
  const secret = textSecret(secretVariable)
  const signer = signerOf(SIGNATURE, 'sha256=')
  const bare = signerOf(SIGNATURE, '')
  const old = signerOf(OLD_SIGNATURE, '')

  return {
    name: 'latitude',
    secret,
    signatureHeaders: [SIGNATURE, OLD_SIGNATURE],
    mediaTypes: ['application/json'],
    verify(request, keys, nowMs) {
      const signature = request.headers[SIGNATURE]
      if (signature === undefined) return old.verify(request, keys, nowMs)
      if (!signature.startsWith('sha256=')) return bare.verify(request, keys, nowMs)
      const fault = headerFault(DELIVERY, request.headers[DELIVERY])
      return fault === undefined ? signer.verify(request, keys, nowMs) : refused('header', fault)
    },
    keyIsUnsigned: true,
    retries: true,

    read: ({ headers }, data) =>
      oneEvent({
        key: headers[DELIVERY],
        type: textAt(data, 'trigger') ?? 'unknown',
        subject: textAt(data, 'context', 'id'),
      }),

    answer: ([first], { publicUrl }) =>
      jsonAnswer({
        externalAgentId: 'onset',
        ...(first === undefined
          ? {}
          : {
              externalRunId: first.id,
              ...(publicUrl === '' ? {} : { deepLinkUrl: `${publicUrl}/api/events/${first.id}` }),
            }),
      }),

    samples,
    compose: (sampling) =>
      composeSigned(sampling, {
        signer,
        keyOf: secret.keyOf,
        body: distinctBody(sampling),
        headers: { 'content-type': 'application/json', [DELIVERY]: sampling.id },
      }),
  }
}

const signerOf = (header: string, prefix: string) =>
  hmacSigner({ header, form: single(prefix), encoding: 'hex', signed: '{body}' })

const samples = {
  'incident.opened': {
    trigger: 'incident.opened',
    context: { id: 'inc_1', project: 'checkout', title: 'Answers fail the evaluation' },
    prompt: 'Find out why the answers got worse since yesterday.',
  },
  'issue.created': {
    trigger: 'issue.created',
    context: { id: 'iss_7', project: 'checkout', title: 'The agent promises refunds' },
    prompt: 'Propose a change of the prompt.',
  },
}
