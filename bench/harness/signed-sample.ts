import { createHmac, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Preset } from '../../src/triggers/webhook/preset.ts'
import { presetsByName } from '../../src/triggers/webhook/presets/by-name.ts'
import type { RawRequest } from '../../src/triggers/webhook/request.ts'

/** A signed request of one size, and the least that verifies it. */
export interface SignedSample {
  preset: Preset
  request: RawRequest
  key: KeyObject
  now: Date
  /** The HMAC over what was signed, compared with a signature that is decoded already. */
  bare(): boolean
}

/** What stands before the body where a scheme signs more than that. */
type SignedBefore = (headers: Record<string, string>) => string

const SIGNED_BEFORE: Record<string, SignedBefore> = {
  github: () => '',
  shopify: () => '',
  stripe: (headers) => `${/t=(\d+)/.exec(headers['stripe-signature'] ?? '')?.[1]}.`,
  slack: (headers) => `v0:${headers['x-slack-request-timestamp']}:`,
  'standard-webhooks': (headers) => `${headers['webhook-id']}.${headers['webhook-timestamp']}.`,
}

/** Signs a sample of a preset by its own `compose`, filled up to so many bytes. */
export function signedSample(name: string, bytes: number): SignedSample {
  const preset = presetsByName[name]?.('WEBHOOK_SECRET')
  const signedBefore = SIGNED_BEFORE[name]
  if (preset === undefined || signedBefore === undefined) {
    throw new Error(`Expected a preset that signs by HMAC, received '${name}'.`)
  }
  const { verifying, signing } = preset.secret.make()
  const key = preset.secret.keyOf(verifying)
  if (typeof key === 'string') throw new Error(`The secret of ${name} ${key}.`)
  const now = new Date()
  const id = `evt_${randomBytes(12).toString('hex')}`
  const [[type, data] = ['sample', {}]] = Object.entries(preset.samples)
  const compose = (filling: string) =>
    preset.compose({
      type,
      data: { ...Object(data), filling },
      id,
      now,
      url: `https://onset.example/hooks/${name}`,
      secret: signing,
    })
  const missing = bytes - compose('').body.length
  if (missing < 0) throw new Error(`The sample of ${name} is larger than ${bytes} bytes.`)
  const { method, url, headers, body } = compose('x'.repeat(missing))
  const before = signedBefore(headers)
  const expected = createHmac('sha256', key).update(before).update(body).digest()

  return {
    preset,
    request: { method, url, headers, body, address: undefined, proxied: false },
    key,
    now,
    bare() {
      const hmac = createHmac('sha256', key)
      if (before !== '') hmac.update(before)
      return timingSafeEqual(hmac.update(body).digest(), expected)
    },
  }
}
