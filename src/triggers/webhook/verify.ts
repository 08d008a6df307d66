import type { KeyObject } from 'node:crypto'
import type { Verification } from '../../contracts/event.ts'
import type { Preset, VerificationStep } from './preset.ts'
import type { RawRequest } from './request.ts'
import { unixTime } from './unix-time.ts'

// Nobody outside of this file can name it: a request that carries it went through `verify`.
const seal = Symbol('verified')

/** A request that is really from its sender. Only `verify` makes one, and only this can be read. */
export interface Verified extends RawRequest {
  readonly [seal]: Proof
}

/** What said that a request is really from its sender. `verificationOf` writes it down as it is kept. */
export interface Proof {
  preset: string
  /** Which of the configured keys it was, counted from 1. */
  key: number
  keys: number
  /** Unix milliseconds; undefined where the scheme signs no time. */
  signedAtMs: number | undefined
}

/** What a request is held against. */
export interface Lock {
  preset: Preset
  keys: readonly KeyObject[]
  /** Whether the sender may call from this address; absent where any may. */
  allows?(address: string): boolean
}

/** A request with its seal, or the step at which it failed and why, for operators: never for the sender. */
export type Judgement =
  | { verified: true; request: Verified; verification: Proof }
  | { verified: false; step: VerificationStep; reason: string }

/** Judges a request: where it comes from, then what it is signed with. */
export async function verify(
  { preset, keys, allows }: Lock,
  request: RawRequest,
  nowMs: number,
): Promise<Judgement> {
  const { address } = request
  if (address !== undefined && allows?.(address) === false) {
    return no('address', `${address} is not on the list of addresses.`)
  }
  const judged = preset.verify(request, keys, nowMs)
  // Most verdicts are there at once: a turn of the loop costs as much as a look at the headers.
  const verdict = 'then' in judged ? await judged : judged
  if (!verdict.valid) return no(verdict.step, verdict.reason)

  const { key, signedAtMs } = verdict
  const verification = { preset: preset.name, key: key + 1, keys: keys.length, signedAtMs }
  const { method, url, body, proxied } = request
  const headers = withoutEmpty(request.headers)
  return {
    verified: true,
    // Name by name: a spread of the request takes as long as all the rest of this.
    request: { method, url, headers, body, address, proxied, [seal]: verification },
    verification,
  }
}

/** A proof as it is kept with an event. */
export function verificationOf({ preset, key, keys, signedAtMs }: Proof): Verification {
  const signedAt = unixTime(signedAtMs, 'ms')
  return { preset, key, keys, ...(signedAt === undefined ? {} : { signedAt }) }
}

// An empty header says no more than one that is missing: no id, no type, no key.
function withoutEmpty(headers: Record<string, string>): Record<string, string> {
  if (!Object.values(headers).includes('')) return headers
  const said: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined && value !== '') said[name] = value
  }
  return said
}

const no = (step: VerificationStep, reason: string): Judgement => ({
  verified: false,
  step,
  reason,
})
