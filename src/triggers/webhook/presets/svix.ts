import { oneEvent, type Preset } from '../preset.ts'
import { refused } from '../hmac.ts'
import { composeSigned, jsonBody } from './compose.ts'
import { standardSecret, standardSigningKey } from './standard-secret.ts'
import { standardSigner } from './standard-signature.ts'
import { standardFacts } from './standard-webhooks.ts'

const TOLERANCE_SECONDS = 300

/**
 * Webhooks that Svix delivers, with its own headers (`svix-id`) or those of the standard (`webhook-id`), never both in
 * one request. HMAC (`v1`) or Ed25519 (`v1a`) over id, time and body, at most 300 s old or ahead. The type is the
 * body's `type`, the key the header's id.
 *
 * @see https://docs.svix.com/receiving/verifying-payloads/how-manual
 */
export function svix(
  secretVariable: string,
  { toleranceSeconds = TOLERANCE_SECONDS }: { toleranceSeconds?: number } = {},
): Preset {
  const secret = standardSecret(secretVariable)
  const own = standardSigner({ family: 'svix', toleranceSeconds })
  const standard = standardSigner({ family: 'webhook', toleranceSeconds })

  return {
    name: 'svix',
    secret,
    signatureHeaders: [own.signatureHeader, standard.signatureHeader],
    mediaTypes: ['application/json'],
    retries: true,
    verify(request, keys, nowMs) {
      if (!has('webhook', request.headers)) return own.verify(request, keys, nowMs)
      if (!has('svix', request.headers)) return standard.verify(request, keys, nowMs)
      return refused('header', 'The headers svix-* and webhook-* came in one request.')
    },
    read: ({ headers }, data) =>
      oneEvent({
        ...standardFacts(data),
        key: headers[own.idHeader] ?? headers[standard.idHeader],
      }),
    samples,
    compose: (sampling) =>
      composeSigned(sampling, {
        signer: own,
        keyOf: standardSigningKey,
        body: jsonBody(sampling.data),
        headers: { 'content-type': 'application/json', [own.idHeader]: sampling.id },
      }),
  }
}

const has = (family: string, headers: Record<string, string>): boolean =>
  [`${family}-id`, `${family}-timestamp`, `${family}-signature`].some((name) =>
    Object.hasOwn(headers, name),
  )

const samples = {
  'user.created': {
    type: 'user.created',
    timestamp: '2026-01-01T00:00:00Z',
    data: { id: 'user_29w83sxmDNGwOuEthce5gg56FcC', first_name: 'Ada' },
  },
  'email.bounced': {
    type: 'email.bounced',
    timestamp: '2026-01-01T00:00:00Z',
    data: { email_id: 'em_1', to: ['ada@example.com'] },
  },
}
