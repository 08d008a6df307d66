import { createHmac } from 'node:crypto'

/** What a sender signs. */
export interface Signing {
  secret: string
  id: string
  /** As it stands in the request. */
  time: string
  body: Uint8Array
  method: string
  url: string
}

type Sign = (signing: Signing) => Record<string, string>

const mac = (
  key: string | Buffer,
  parts: (string | Uint8Array)[],
  encoding: 'hex' | 'base64',
): string => {
  const hmac = createHmac('sha256', key)
  for (const part of parts) hmac.update(part)
  return hmac.digest(encoding)
}

const decoded = (secret: string): Buffer => Buffer.from(secret.replace('whsec_', ''), 'base64')

const standard =
  (family: string): Sign =>
  ({ secret, id, time, body }) => ({
    [`${family}-id`]: id,
    [`${family}-timestamp`]: time,
    [`${family}-signature`]: `v1,${mac(decoded(secret), [`${id}.${time}.`, body], 'base64')}`,
  })

/**
 * The headers that senders would sign with, written down from their documents and nothing of ours: the providers that
 * sign with an HMAC and have a vector.
 */
export const independentSigners: Record<string, Sign> = {
  'standard-webhooks': standard('webhook'),
  svix: standard('svix'),
  github: ({ secret, body }) => ({ 'x-hub-signature-256': `sha256=${mac(secret, [body], 'hex')}` }),
  stripe: ({ secret, time, body }) => ({
    'stripe-signature': `t=${time},v1=${mac(secret, [time, '.', body], 'hex')}`,
  }),
  slack: ({ secret, time, body }) => ({
    'x-slack-request-timestamp': time,
    'x-slack-signature': `v0=${mac(secret, ['v0:', time, ':', body], 'hex')}`,
  }),
  hubspot: ({ secret, time, body, method, url }) => ({
    'x-hubspot-request-timestamp': time,
    'x-hubspot-signature-v3': mac(secret, [method, url, body, time], 'base64'),
  }),
  shopify: ({ secret, body }) => ({ 'x-shopify-hmac-sha256': mac(secret, [body], 'base64') }),
  linear: ({ secret, body }) => ({ 'linear-signature': mac(secret, [body], 'hex') }),
  latitude: ({ secret, body }) => ({
    'x-latitude-delivery': 'webhook:incident.opened:src1',
    'x-latitude-signature': `sha256=${mac(secret, [body], 'hex')}`,
  }),
  convoy: ({ secret, body }) => ({ 'x-convoy-signature': mac(secret, [body], 'hex') }),
}

/** Providers that sign a time which stands in a header, with the digits of its unit. */
export const timedInHeader: Record<string, 's' | 'ms'> = {
  'standard-webhooks': 's',
  svix: 's',
  stripe: 's',
  slack: 's',
  hubspot: 'ms',
}
