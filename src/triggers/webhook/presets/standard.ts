import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { equalDigests, hmacSha256, type Preset, textAt, whsecKey } from '../preset.ts'

const TOLERANCE_MS = 300_000
const MOST_SIGNATURES = 10
const ISO_TIME = z.iso.datetime({ offset: true })

/**
 * Webhooks in the Standard Webhooks form: HMAC over id, time and body, at most 300 s old or ahead. The type is the
 * body's `type`, the key `webhook-id`.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export const standardWebhooks = (secretVariable: string): Preset => ({
  name: 'standard-webhooks',
  secretVariable,
  secretForm: 'whsec',
  mediaTypes: ['application/json'],
  keyOf: whsecKey,

  verify({ headers, body }, keys, nowMs) {
    const id = headers['webhook-id'] ?? ''
    const timestamp = headers['webhook-timestamp'] ?? ''
    if (id === '' || !/^\d{1,13}$/.test(timestamp)) return false
    if (Math.abs(nowMs - Number(timestamp) * 1000) > TOLERANCE_MS) return false

    const given = signaturesOf(headers['webhook-signature'] ?? '')
    return keys.some((key) => {
      const expected = hmacSha256(key, `${id}.${timestamp}.`, body)
      return given.some((signature) => equalDigests(signature, expected))
    })
  },

  read({ headers }, data) {
    const subject = textAt(data, 'subject')
    const time = textAt(data, 'timestamp')
    return {
      key: headers['webhook-id'] ?? randomUUID(),
      type: textAt(data, 'type') ?? 'unknown',
      ...(subject === undefined ? {} : { subject }),
      ...(time !== undefined && ISO_TIME.safeParse(time).success ? { time } : {}),
    }
  },

  sign(body, key, facts) {
    const timestamp = String(Math.floor(facts.nowMs / 1000))
    const signature = hmacSha256(key, `${facts.key}.${timestamp}.`, body).toString('base64')
    return {
      'content-type': 'application/json',
      'webhook-id': facts.key,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signature}`,
    }
  },
})

// Unknown versions are passed over; a comma and a space mean that the header was sent twice, which nobody may.
function signaturesOf(header: string): Buffer[] {
  const parts = header.split(' ')
  if (parts.length > MOST_SIGNATURES || header.includes(', ')) return []
  return parts.flatMap((part) => {
    const encoded = /^v1,([A-Za-z0-9+/]{43}=)$/.exec(part)?.[1]
    return encoded === undefined ? [] : [Buffer.from(encoded, 'base64')]
  })
}
