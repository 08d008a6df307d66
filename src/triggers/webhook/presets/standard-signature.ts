import type { KeyObject } from 'node:crypto'
import { hmacSigner, mismatch, refused } from '../hmac.ts'
import type { Verdict } from '../preset.ts'
import { publicKeySigner } from '../public-key.ts'
import { strictBase64 } from '../secret.ts'
import type { Signer } from '../signature-scheme.ts'
import { versions } from '../signature-header.ts'

/** Verifies and signs in the Standard Webhooks form. */
export interface StandardSigner extends Signer {
  /** The header of the id, lower case. */
  idHeader: string
  /** The header of the signature, lower case. */
  signatureHeader: string
}

interface StandardOptions {
  /** What its three headers begin with. */
  family: 'webhook' | 'svix'
  toleranceSeconds: number
}

/**
 * Id, time and body, signed with HMAC (`v1`) or Ed25519 (`v1a`): each key counts for its own version alone. The id
 * must not contain the full stop that stands between the parts.
 */
export function standardSigner({ family, toleranceSeconds }: StandardOptions): StandardSigner {
  const idHeader = `${family}-id`
  const scheme = {
    header: `${family}-signature`,
    time: { header: `${family}-timestamp`, unit: 's', toleranceSeconds },
    signed: `{header:${idHeader}}.{time}.{body}`,
  } as const
  const v1 = hmacSigner({
    ...scheme,
    form: versions({ prefix: 'v1,', separator: ' ' }),
    encoding: 'base64',
  })
  const v1a = publicKeySigner({
    ...scheme,
    form: versions({ prefix: 'v1a,', separator: ' ' }),
    hash: null,
    encoding: 'base64',
    decode: ed25519Bytes,
  })

  return {
    idHeader,
    signatureHeader: scheme.header,

    verify(request, keys, nowMs) {
      if (request.headers[idHeader]?.includes('.') === true) {
        return refused('header', `The header ${idHeader} holds a full stop, which no id may.`)
      }
      if (keys.every(isSecret)) return v1.verify(request, keys, nowMs)
      const secrets = keys.filter(isSecret)
      if (secrets.length === 0) return v1a.verify(request, keys, nowMs)
      const publicKeys = keys.filter((key) => !isSecret(key))
      return either(keys, [
        { some: secrets, verdict: v1.verify(request, secrets, nowMs) },
        { some: publicKeys, verdict: v1a.verify(request, publicKeys, nowMs) },
      ])
    },

    sign: (request, key, now) =>
      isSecret(key) ? v1.sign(request, key, now) : v1a.sign(request, key, now),
  }
}

const isSecret = (key: KeyObject): boolean => key.type === 'secret'

interface PartialVerdict {
  /** The keys that it was judged by. */
  some: readonly KeyObject[]
  verdict: Verdict | Promise<Verdict>
}

async function either(keys: readonly KeyObject[], partial: PartialVerdict[]): Promise<Verdict> {
  let failure = mismatch(keys)
  for (const { some, verdict: pending } of partial) {
    const verdict = await pending
    if (verdict.valid) {
      return { ...verdict, key: keys.findIndex((key) => key === some[verdict.key]) }
    }
    // A time out of the window says more than a version that is not there.
    if (verdict.step === 'time') failure = verdict
  }
  return failure
}

const SIGNATURE_BYTES = 64

function ed25519Bytes(signature: string): Buffer | null {
  const bytes = strictBase64(signature)
  return bytes?.length === SIGNATURE_BYTES ? bytes : null
}
