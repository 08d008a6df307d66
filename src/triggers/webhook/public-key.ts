import { type KeyObject, sign, verify } from 'node:crypto'
import { accepted, mismatch, refused } from './hmac.ts'
import { type SignatureScheme, type Signer, schemeReader } from './signature-scheme.ts'

/** What a scheme says about itself in which a private key signs. */
interface PublicKeyScheme extends SignatureScheme {
  /** The hash below the signature; null where the kind of key decides, as with Ed25519. */
  hash: 'sha256' | null
  encoding: 'hex' | 'base64'
  /** The bytes of a signature; null where it cannot be one. */
  decode(signature: string): Buffer | null
}

/** Makes a verifier of a scheme, which signs with private keys. Throws where its template names something unknown. */
export function publicKeySigner(scheme: PublicKeyScheme): Signer {
  const { hash, header, encoding, decode } = scheme
  const reader = schemeReader(scheme)

  return {
    async verify(request, keys, nowMs) {
      const read = reader.read(request, nowMs)
      if (!read.readable) return refused(read.step, read.reason)
      const { signatures, signed: parts, signedAtMs } = read.claim
      const given = signatures.map(decode).filter((each) => each !== null)
      if (given.length === 0) return refused('header', `The header ${header} holds no signature.`)
      const signed = joined(parts)
      for (const [index, key] of keys.entries()) {
        for (const signature of given) {
          if (await isSigned({ hash, signed, key, signature })) return accepted(index, signedAtMs)
        }
      }
      return mismatch(keys)
    },

    sign(request, key, now) {
      const { signed, headers } = reader.prepare(request, now)
      return headers(sign(hash, joined(signed), key).toString(encoding))
    },
  }
}

const joined = (parts: (string | Uint8Array)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))

/** What is to be judged by a public key. */
interface SignedBytes {
  hash: 'sha256' | null
  signed: Uint8Array
  key: KeyObject
  signature: Uint8Array
}

// Another thread does the work: it takes a tenth of a millisecond and more, however small the body.
const isSigned = ({ hash, signed, key, signature }: SignedBytes): Promise<boolean> =>
  new Promise((resolve) => {
    verify(hash, signed, key, signature, (error, holds) => resolve(error === null && holds))
  })
