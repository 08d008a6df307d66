import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'

/** A request as it came over the wire. */
export interface RawRequest {
  /** Lower-case names. A header that was sent twice comes as `a, b`. */
  headers: Record<string, string>
  /** Exactly the bytes that were received. */
  body: Uint8Array
}

/** What a provider says about its event. */
export interface EventFacts {
  key: string
  type: string
  subject?: string
  /** ISO 8601; the time of receipt where absent. */
  time?: string
}

/** How one provider signs its webhooks and where it puts what we ask for. */
export interface Preset {
  name: string
  /** The environment variable with the secret, or with several separated by commas while one is rotated. */
  secretVariable: string
  /** Form in which development secrets are made. */
  secretForm: 'hex' | 'whsec'
  /** Media types that the provider sends; others get 415. */
  mediaTypes: readonly string[]
  /** The largest body that the provider sends; 1 MB where absent. */
  limitBytes?: number
  /** The key bytes of a secret as an operator pastes it; a string says what is wrong with it. */
  keyOf(secret: string): Buffer | string
  /** Whether one of the keys signed these bytes. Nothing that a sender can send throws. */
  verify(request: RawRequest, keys: readonly SigningKey[], nowMs: number): boolean
  /** Reads id, type and subject. `data` is undefined where the body cannot be read. */
  read(request: RawRequest, data: unknown): EventFacts
  /** The headers of a correctly signed request: what `onset send` and tests send. */
  sign(
    body: Uint8Array,
    key: Buffer,
    facts: { key: string; type: string; nowMs: number },
  ): Record<string, string>
}

const SHORTEST_KEY = 16

/** Takes a secret's own characters as the key. */
export function verbatimKey(secret: string): Buffer | string {
  const key = Buffer.from(secret)
  return key.length >= SHORTEST_KEY ? key : `is shorter than ${SHORTEST_KEY} characters`
}

/** Takes the base64 behind `whsec_` as the key: Standard Webhooks 1.0.0. */
export function whsecKey(secret: string): Buffer | string {
  const encoded = secret.replace(/^whsec_/, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return 'is no base64 behind whsec_'
  const key = Buffer.from(encoded, 'base64')
  return key.length >= SHORTEST_KEY ? key : `is shorter than ${SHORTEST_KEY} bytes`
}

/** The bytes of a key, or the same as an object: with bytes, each signature costs five times as much. */
export type SigningKey = Buffer | KeyObject

/** HMAC-SHA256 over the parts in their order. */
export function hmacSha256(key: SigningKey, ...parts: (string | Uint8Array)[]): Buffer {
  const hmac = createHmac('sha256', key)
  for (const part of parts) hmac.update(part)
  return hmac.digest()
}

/** Whether two digests are the same, in a time that does not tell how far they agree. */
export const equalDigests = (left: Buffer, right: Buffer): boolean =>
  left.length === right.length && timingSafeEqual(left, right)

/** What stands at a place in a body of any shape; undefined where nothing does. */
export function valueAt(body: unknown, ...path: string[]): unknown {
  let value = body
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = Reflect.get(value, name)
  }
  return value
}

/** The text at a place in a body of any shape; undefined where there is none. */
export function textAt(body: unknown, ...path: string[]): string | undefined {
  const value = valueAt(body, ...path)
  return typeof value === 'string' ? value : undefined
}
