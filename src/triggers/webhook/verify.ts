import type { KeyObject } from 'node:crypto'
import type { Verification } from '../../contracts/event.ts'
import type { Preset, VerificationStep } from './preset.ts'
import type { RawRequest } from './request.ts'

// Nobody outside of this file can name it: a request that carries it went through `verify`.
const seal = Symbol('verified')

/** A request that is really from its sender. Only `verify` makes one, and only this can be read. */
export interface Verified extends RawRequest {
  readonly [seal]: Verification
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
  | { verified: true; request: Verified; verification: Verification }
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
  const verdict = await preset.verify(request, keys, nowMs)
  if (!verdict.valid) return no(verdict.step, verdict.reason)

  const verification = {
    preset: preset.name,
    key: verdict.key + 1,
    keys: keys.length,
    ...(verdict.signedAtMs === undefined
      ? {}
      : { signedAt: new Date(verdict.signedAtMs).toISOString() }),
  }
  return { verified: true, request: { ...request, [seal]: verification }, verification }
}

const no = (step: VerificationStep, reason: string): Judgement => ({
  verified: false,
  step,
  reason,
})
