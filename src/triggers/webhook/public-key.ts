import { createPrivateKey, type KeyObject, sign, verify } from 'node:crypto'
import { accepted, mismatch, refused } from './hmac.ts'
import type { Preset, Sampling } from './preset.ts'
import { schemeReader } from './signature-scheme.ts'
import { single } from './signature-header.ts'

/** What a scheme says about itself that signs time and body with a private key. */
interface PublicKeyScheme {
  /** The hash below the signature; null where the kind of key decides, as with Ed25519. */
  hash: 'sha256' | null
  /** The header with the signature, lower case. */
  header: string
  encoding: 'hex' | 'base64'
  /** The bytes of a signature; null where it cannot be one. */
  decode(signature: string): Buffer | null
  /** The header with the time in seconds, lower case. */
  timeHeader: string
  toleranceSeconds: number
}

/** Verifies and signs in one scheme. */
export interface PublicKeySigner extends Pick<Preset, 'verify'> {
  /** The headers that sign this body. Throws where the sampling's secret is no private key. */
  sign(body: Uint8Array, sampling: Pick<Sampling, 'secret' | 'now'>): Record<string, string>
}

/** Makes a verifier of a scheme in which `time + body` is signed. */
export function publicKeySigner(scheme: PublicKeyScheme): PublicKeySigner {
  const { hash, header, encoding, decode, timeHeader, toleranceSeconds } = scheme
  const reader = schemeReader({
    header,
    form: single(),
    time: { header: timeHeader, unit: 's', toleranceSeconds },
    signed: '{time}{body}',
  })

  return {
    async verify(request, keys, nowMs) {
      const read = reader.read(request, nowMs)
      if (!read.readable) return refused(read.step, read.reason)
      const { signatures, signed, signedAtMs } = read.claim
      const signature = decode(signatures.join(''))
      if (signature === null) return refused('header', `The header ${header} holds no signature.`)
      const bytes = joined(signed)
      for (const [index, key] of keys.entries()) {
        if (await isSigned({ hash, signed: bytes, key, signature })) {
          return accepted(index, signedAtMs)
        }
      }
      return mismatch(keys)
    },

    sign(body, { secret, now }) {
      const der = Buffer.from(secret, 'base64')
      const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
      const { signed, headers } = reader.prepare(
        { method: 'POST', url: '', headers: {}, body },
        now,
      )
      return headers(sign(hash, joined(signed), key).toString(encoding))
    },
  }
}

const joined = (parts: (string | Uint8Array)[]): Buffer =>
  Buffer.concat(parts.map((part) => Buffer.from(part)))

/** What is to be judged by a public key. */
interface SignedBytes {
  /** Null where the kind of key decides. */
  hash: 'sha256' | null
  signed: Uint8Array
  key: KeyObject
  signature: Uint8Array
}

/**
 * Whether the private half of this key has signed these bytes. Another thread does the work: it takes a tenth of a
 * millisecond and more, however small the body.
 */
export const isSigned = ({ hash, signed, key, signature }: SignedBytes): Promise<boolean> =>
  new Promise((resolve) => {
    verify(hash, signed, key, signature, (error, holds) => resolve(error === null && holds))
  })
