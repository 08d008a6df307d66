import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { Verdict } from './preset.ts'
import { strictBase64, strictHex } from './secret.ts'
import { type SignatureScheme, type Signer, schemeReader } from './signature-scheme.ts'

/** What a scheme that signs with an HMAC says about itself. */
export interface HmacScheme extends SignatureScheme {
  /** @default 'sha256' */
  algorithm?: Algorithm
  encoding: 'hex' | 'base64'
}

/** A hash under which bodies are signed. */
export type Algorithm = keyof typeof DIGEST_BYTES

const DIGEST_BYTES = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 }
// An HMAC over so much takes about a millisecond; more is done in slices, between other work.
const SLICE_BYTES = 1024 * 1024

/** Makes a verifier of a scheme. Throws where the template names something unknown. */
export function hmacSigner(scheme: HmacScheme): Signer {
  const { algorithm = 'sha256', encoding, header } = scheme
  const reader = schemeReader(scheme)
  // Other alphabets and lengths are no signatures: `Buffer` alone would make one of anything.
  const bytesOf = encoding === 'hex' ? strictHex : strictBase64

  return {
    verify(request, keys, nowMs) {
      const read = reader.read(request, nowMs)
      if (!read.readable) return refused(read.step, read.reason)
      const { signatures, signed, signedAtMs } = read.claim

      const given: Buffer[] = []
      for (const signature of signatures) {
        const bytes = bytesOf(signature)
        if (bytes?.length === DIGEST_BYTES[algorithm]) given.push(bytes)
      }
      if (given.length === 0) {
        const bytes = DIGEST_BYTES[algorithm]
        return refused('header', `The header ${header} holds no ${encoding} of ${bytes} bytes.`)
      }
      if (request.body.length > SLICE_BYTES) {
        return judgeInSlices({ algorithm, signed, keys, given, signedAtMs })
      }
      const index = keys.findIndex((key) => holds(given, digest(algorithm, key, signed)))
      return index === -1 ? mismatch(keys) : accepted(index, signedAtMs)
    },

    sign(request, key, now) {
      const { signed, headers } = reader.prepare(request, now)
      return headers(digest(algorithm, key, signed).toString(encoding))
    },
  }
}

/** An HMAC over the parts in their order. */
export function digest(
  algorithm: Algorithm,
  key: KeyObject,
  parts: (string | Uint8Array)[],
): Buffer {
  const hmac = createHmac(algorithm, key)
  for (const part of parts) hmac.update(part)
  return hmac.digest()
}

interface LongJudgement {
  algorithm: Algorithm
  signed: (string | Uint8Array)[]
  keys: readonly KeyObject[]
  given: Buffer[]
  signedAtMs: number | undefined
}

async function judgeInSlices({
  algorithm,
  signed,
  keys,
  given,
  signedAtMs,
}: LongJudgement): Promise<Verdict> {
  for (const [index, key] of keys.entries()) {
    const hmac = createHmac(algorithm, key)
    for (const part of signed) {
      if (typeof part === 'string') {
        hmac.update(part)
        continue
      }
      for (let start = 0; start < part.length; start += SLICE_BYTES) {
        hmac.update(part.subarray(start, start + SLICE_BYTES))
        await setImmediate()
      }
    }
    if (holds(given, hmac.digest())) return accepted(index, signedAtMs)
  }
  return mismatch(keys)
}

/** Whether one of the given digests is the expected one, in a time that does not tell how far they agree. */
export function holds(given: readonly Buffer[], expected: Buffer): boolean {
  for (const each of given) {
    if (each.length === expected.length && timingSafeEqual(each, expected)) return true
  }
  return false
}

/** The verdict that a key has signed. */
export const accepted = (key: number, signedAtMs?: number): Verdict =>
  signedAtMs === undefined ? { valid: true, key } : { valid: true, key, signedAtMs }

/** The verdict that something of the request does not hold. */
export const refused = (
  step: Exclude<Verdict, { valid: true }>['step'],
  reason: string,
): Verdict => ({ valid: false, step, reason })

/** The verdict that no key has signed these bytes. */
export const mismatch = (keys: readonly KeyObject[]): Verdict =>
  refused(
    'signature',
    keys.length === 1
      ? 'The configured key did not sign these bytes.'
      : `None of the ${keys.length} configured keys signed these bytes.`,
  )
