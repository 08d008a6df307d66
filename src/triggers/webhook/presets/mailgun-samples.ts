import { createHash, type KeyObject } from 'node:crypto'
import { digest } from '../hmac.ts'
import type { ComposedRequest, Sampling } from '../preset.ts'

/** A sample as a route of Mailgun would send it. Throws where the secret is none. */
export function composeMailgun(
  { url, data, id, now, secret }: Sampling,
  keyOf: (secret: string) => KeyObject | string,
): ComposedRequest {
  const key = keyOf(secret)
  if (typeof key === 'string') throw new Error(`The secret ${key}.`)
  const timestamp = String(Math.floor(now.getTime() / 1_000))
  // Mailgun's tokens are hex digits.
  const token = createHash('sha256').update(id).digest('hex').slice(0, 50)
  const signature = digest('sha256', key, [timestamp, token]).toString('hex')
  const fields = typeof data === 'object' && data !== null ? data : {}
  const form = new URLSearchParams(
    Object.entries(fields).map(([name, value]): [string, string] => [name, String(value)]),
  )
  form.set('Message-Id', `<${id}@mg.example.net>`)
  for (const [name, value] of Object.entries({ timestamp, token, signature })) form.set(name, value)
  return {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new TextEncoder().encode(form.toString()),
  }
}

/** A typical mail by a route of Mailgun. */
export const samples = {
  'inbound.email': {
    recipient: 'support@mg.example.net',
    sender: 'ada@example.com',
    from: 'Ada <ada@example.com>',
    subject: 'The invoice is wrong',
    'body-plain': 'Our last invoice has the old address on it. Could you send it again?',
    'stripped-text': 'Our last invoice has the old address on it. Could you send it again?',
  },
}
