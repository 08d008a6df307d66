import { createHash, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import { accepted, refused } from './hmac.ts'
import type { Verdict } from './preset.ts'
import type { RawRequest } from './request.ts'
import { strictBase64 } from './secret.ts'
import { headerFault } from './signature-header.ts'

/** The key of a pair `user:password`; a string says what is wrong with it. */
export const pairKey = (secret: string): KeyObject | string =>
  /^[^:]+:.+$/s.test(secret) ? createSecretKey(Buffer.from(secret)) : 'is no user:password'

/** Judges by `Authorization: Basic`; the keys are `user:password` in full. */
export const verifyBasic = ({ headers }: RawRequest, keys: readonly KeyObject[]): Verdict =>
  verifyAuthorization(headers, {
    keys,
    form: /^Basic ([^ ]+)$/i,
    bytesOf: strictBase64,
    what: 'user and password',
  })

/** Judges by `Authorization: Bearer`; the keys are tokens. */
export const verifyBearer = ({ headers }: RawRequest, keys: readonly KeyObject[]): Verdict =>
  verifyAuthorization(headers, {
    keys,
    form: /^Bearer ([^ ]+)$/i,
    bytesOf: (token) => Buffer.from(token),
    what: 'token',
  })

interface Authorization {
  keys: readonly KeyObject[]
  form: RegExp
  bytesOf(credentials: string): Buffer | null
  what: string
}

function verifyAuthorization(
  headers: Record<string, string>,
  { keys, form, bytesOf, what }: Authorization,
): Verdict {
  const value = headers['authorization']
  const fault = headerFault('authorization', value)
  if (value === undefined || value === '') {
    const why = 'No event keeps it: a stored one cannot be verified again.'
    return refused('credentials', `${fault} ${why}`)
  }
  if (fault !== undefined) return refused('header', fault)
  const [, encoded] = form.exec(value) ?? []
  const given = encoded === undefined ? null : bytesOf(encoded)
  if (given === null) return refused('header', `The header authorization holds no ${what}.`)
  return keyThatIs(given, keys) ?? refused('credentials', wrong(keys, what))
}

// Digests have one length, and how far they agree says nothing about what they were made of.
function keyThatIs(given: Uint8Array, keys: readonly KeyObject[]): Verdict | undefined {
  const index = keys.findIndex((key) => timingSafeEqual(sha256(given), sha256(key.export())))
  return index === -1 ? undefined : accepted(index)
}

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

const wrong = (keys: readonly KeyObject[], what: string): string =>
  keys.length === 1
    ? `The ${what} is not the configured one.`
    : `The ${what} is none of the ${keys.length} configured ones.`
