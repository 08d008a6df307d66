import { createSecretKey } from 'node:crypto'
import { hmacSigner } from '../../../src/triggers/webhook/hmac.ts'
import { whsecKey } from '../../../src/triggers/webhook/secret.ts'
import { single, versions } from '../../../src/triggers/webhook/signature-header.ts'
import { secrets } from '../../house.ts'

interface Delivery {
  delivery: string
  headers?: Record<string, string>
  now?: Date
}

type Body = string | Uint8Array

const githubSigner = hmacSigner({
  header: 'x-hub-signature-256',
  form: single('sha256='),
  encoding: 'hex',
  signed: '{body}',
})

const reviewsSigner = hmacSigner({
  header: 'webhook-signature',
  form: versions({ prefix: 'v1,', separator: ' ' }),
  encoding: 'base64',
  time: { header: 'webhook-timestamp', unit: 's', toleranceSeconds: 300 },
  signed: '{header:webhook-id}.{time}.{body}',
})

/** The headers with which GitHub would deliver these bytes. */
export function signedByGithub(
  body: Body,
  { delivery, headers = {}, now = new Date() }: Delivery,
): Record<string, string> {
  const key = createSecretKey(Buffer.from(secrets.GITHUB_WEBHOOK_SECRET))
  const all = {
    'content-type': 'application/json',
    'x-github-event': 'issues',
    'x-github-delivery': delivery,
    ...headers,
  }
  return { ...all, ...githubSigner.sign(requestOf(body, all), key, now) }
}

/** The headers with which the source `reviews` would deliver these bytes: Standard Webhooks. */
export function signedByReviews(
  body: Body,
  { delivery, headers = {}, now = new Date() }: Delivery,
): Record<string, string> {
  const key = whsecKey(secrets.REVIEWS_WEBHOOK_SECRET)
  if (typeof key === 'string') throw new Error(key)
  const all = { 'content-type': 'application/json', 'webhook-id': delivery, ...headers }
  return { ...all, ...reviewsSigner.sign(requestOf(body, all), key, now) }
}

const requestOf = (body: Body, headers: Record<string, string>) => ({
  method: 'POST',
  url: '',
  headers,
  body: Buffer.from(body),
})
