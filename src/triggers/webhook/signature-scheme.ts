import type { KeyObject } from 'node:crypto'
import type { Preset, VerificationStep } from './preset.ts'
import type { RawRequest } from './request.ts'
import { headerFault, type SignatureForm } from './signature-header.ts'
import { readSignedTime, type TimeRule } from './signed-time.ts'
import { type Signable, signedText } from './signed-text.ts'

/** Where a scheme puts its signature and time, and what it signs. */
export interface SignatureScheme {
  /** The header with the signature, lower case. */
  header: string
  form: SignatureForm
  /** The time that is signed, in a header of its own or, where that is absent, beside the signature. */
  time?: TimeRule & { header?: string }
  /** What is signed: `{body}`, `{time}`, `{method}`, `{url}` and `{header:<name>}` between literal text. */
  signed: string
}

/** Verifies and signs in one scheme. */
export interface Signer extends Pick<Preset, 'verify'> {
  /** The headers that sign these bytes: the signature, and the time where the scheme has one. */
  sign(request: Signable, key: KeyObject, now: Date): Record<string, string>
}

/** What a request says about its signature. */
interface Claim {
  /** Still encoded. */
  signatures: string[]
  /** What they should have signed. */
  signed: (string | Uint8Array)[]
  /** Unix milliseconds; absent where the scheme signs no time. */
  signedAtMs?: number
}

/** What a request claims, or why it claims nothing that could hold. */
type ReadClaim =
  | { readable: true; claim: Claim }
  | { readable: false; step: VerificationStep; reason: string }

/** Reads and writes the headers of a scheme. */
export interface SchemeReader {
  read(request: RawRequest, nowMs: number): ReadClaim
  /** What is to be signed at this time, and the headers that carry the signature of it. */
  prepare(
    request: Signable,
    now: Date,
  ): {
    signed: (string | Uint8Array)[]
    headers(signature: string): Record<string, string>
  }
}

/** Makes a reader of a scheme. Throws where its template names something unknown. */
export function schemeReader({
  header,
  form,
  time,
  signed: template,
}: SignatureScheme): SchemeReader {
  const text = signedText(template)

  return {
    read(request, nowMs) {
      const { headers } = request
      const value = headers[header] ?? ''
      const fault = headerFault(header, value)
      if (fault !== undefined) return unreadable('header', fault)
      for (const name of text.headers) {
        const missing = headerFault(name, headers[name])
        if (missing !== undefined) return unreadable('header', missing)
      }
      const said = form.parse(value)
      if (typeof said === 'string') {
        return unreadable('header', `The header ${header} is not readable: ${said}`)
      }
      const { signatures } = said
      if (time === undefined) {
        return { readable: true, claim: { signatures, signed: text.of(request, '') } }
      }

      const at = (time.header === undefined ? said.time : headers[time.header]) ?? ''
      const missing = headerFault(time.header ?? header, at)
      if (missing !== undefined) return unreadable('header', missing)
      const read = readSignedTime(at, time, nowMs)
      if (!read.ok) return unreadable('time', read.reason)
      const signed = text.of(request, at)
      return { readable: true, claim: { signatures, signed, signedAtMs: read.ms } }
    },

    prepare(request, now) {
      const ms = now.getTime()
      const at = String(time?.unit === 'ms' ? ms : Math.floor(ms / 1_000))
      return {
        signed: text.of(request, at),
        headers: (signature) => ({
          [header]: form.print(signature, at),
          ...(time?.header === undefined ? {} : { [time.header]: at }),
        }),
      }
    },
  }
}

const unreadable = (step: VerificationStep, reason: string): ReadClaim => ({
  readable: false,
  step,
  reason,
})
