import type { KeyObject } from 'node:crypto'
import { textAt, valueAt } from '../body-readers.ts'
import { oneEvent, type Preset } from '../preset.ts'
import { type Secret, textKey, whsecKey, whsecSecret } from '../secret.ts'
import { unixTime } from '../unix-time.ts'
import { composeSigned, jsonBody } from './compose.ts'
import { standardSigner } from './standard-signature.ts'

const TOLERANCE_SECONDS = 300

/**
 * OpenAI webhooks: HMAC over id, time and body, at most 300 s old or ahead. The type is the body's `type`, the key
 * `webhook-id`, the subject the id of the object, which the run has to fetch: the body names it and says no more.
 *
 * @see https://platform.openai.com/docs/guides/webhooks
 */
export function openai(
  secretVariable: string,
  { toleranceSeconds = TOLERANCE_SECONDS }: { toleranceSeconds?: number } = {},
): Preset {
  const secret: Secret = { ...whsecSecret(secretVariable), keyOf }
  const signer = standardSigner({ family: 'webhook', toleranceSeconds })

  return {
    name: 'openai',
    secret,
    signatureHeaders: [signer.signatureHeader],
    mediaTypes: ['application/json'],
    retries: true,
    verify: signer.verify,
    read: ({ headers }, data) =>
      oneEvent({
        key: headers[signer.idHeader],
        type: textAt(data, 'type') ?? 'unknown',
        subject: textAt(data, 'data', 'id'),
        time: unixTime(valueAt(data, 'created_at'), 's'),
      }),
    samples,
    compose: (sampling) =>
      composeSigned(sampling, {
        signer,
        keyOf,
        body: jsonBody(sampling.data),
        headers: { 'content-type': 'application/json', [signer.idHeader]: sampling.id },
      }),
  }
}

// As OpenAI's own library reads it: without the prefix, the characters are the key.
function keyOf(secret: string): KeyObject | string {
  return secret.startsWith('whsec_') ? whsecKey(secret) : textKey(secret)
}

const samples = {
  'response.completed': {
    object: 'event',
    id: 'evt_685343a1381c819085d44c354e1b330e',
    type: 'response.completed',
    created_at: 1_777_000_000,
    data: { id: 'resp_67cb71b351908190a308f3859487620d06981a8637e6bc44' },
  },
  'batch.completed': {
    object: 'event',
    id: 'evt_685343a1381c819085d44c354e1b3310',
    type: 'batch.completed',
    created_at: 1_777_000_000,
    data: { id: 'batch_abc123' },
  },
}
