import { type Algorithm, hmacSigner } from '../hmac.ts'
import type { Preset } from '../preset.ts'
import { textSecret } from '../secret.ts'
import { single } from '../signature-header.ts'
import { signedText } from '../signed-text.ts'
import { composeSigned, sampleWith } from './compose.ts'
import { type Places, plainSamples, readAt } from './places.ts'

/** How a sender signs that has no preset of its own. */
export interface HmacOptions extends Places {
  /** The header with the signature. @default 'X-Signature-256' */
  header?: string
  /** What stands before the signature in it. @default the algorithm and `=`, such as `sha256=` */
  prefix?: string
  /** @default 'hex', in lower case */
  encoding?: 'hex' | 'base64'
  /** @default 'sha256' */
  algorithm?: Algorithm
  /** What is signed, with `{body}`, `{time}`, `{method}`, `{url}` and `{header:<name>}`. @default '{body}' */
  signed?: string
  /** The header with the time that is signed: digits, Unix time, at most 300 s old or ahead unless told otherwise. */
  time?: { header: string; unit?: 's' | 'ms'; toleranceSeconds?: number }
}

const TOLERANCE_SECONDS = 300

/**
 * Any sender that signs with an HMAC. Where its id stands in a header that is not signed, equal bodies are duplicates
 * as well. Throws where the template names something unknown, leaves out the body, or has no place for the time.
 */
export function hmac(
  secretVariable: string,
  {
    header = 'X-Signature-256',
    algorithm = 'sha256',
    prefix = `${algorithm}=`,
    encoding = 'hex',
    signed = '{body}',
    time,
    ...places
  }: HmacOptions = {},
): Preset {
  const text = signedText(signed)
  if (text.hasTime !== (time !== undefined)) {
    throw new Error(`Expected a time and {time} in '${signed}' together, received one of them.`)
  }
  if (!text.hasBody) {
    throw new Error(`Expected {body} in what is signed, received '${signed}'.`)
  }
  const secret = textSecret(secretVariable)
  const signer = hmacSigner({
    algorithm,
    encoding,
    header: header.toLowerCase(),
    form: single(prefix),
    signed,
    ...(time === undefined
      ? {}
      : {
          time: {
            unit: 's',
            toleranceSeconds: TOLERANCE_SECONDS,
            ...time,
            header: time.header.toLowerCase(),
          },
        }),
  })
  const { id } = places
  const idHeader = id !== undefined && 'header' in id ? id.header.toLowerCase() : undefined
  const idIsSigned = idHeader === undefined || text.headers.includes(idHeader)

  return {
    name: 'hmac',
    secret,
    signatureHeaders: [header.toLowerCase()],
    verify: signer.verify,
    signedHeaders: text.headers,
    ...(idIsSigned ? {} : { keyIsUnsigned: true }),
    ...readAt(places),
    samples: plainSamples,
    compose: (sampling) =>
      composeSigned(sampling, {
        signer,
        keyOf: secret.keyOf,
        body: sampleWith(sampling.data, { id: sampling.id }),
        headers: {
          'content-type': 'application/json',
          [idHeader ?? 'idempotency-key']: sampling.id,
        },
      }),
  }
}
