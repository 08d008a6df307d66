import { setTimeout as pause } from 'node:timers/promises'
import type { Pool } from 'pg'
import type { LimitedModel, RateLimits } from '../contracts/limits.ts'
import {
  giveBackSlot,
  type Grant,
  GRACE_MS,
  reserveSlot,
  settleTokens,
  type SlotRequest,
  syncLimits,
  WAIT_HERE_MS,
} from './limits.ts'

/** Whether a call may be made: at once, or after it was done with something else for a while. */
export type Admitted =
  | { outcome: 'go'; grant: Grant | null }
  /** Nothing was sent and no attempt is spent: the call asks again after `ms`, with the same slot id. */
  | { outcome: 'throttled'; ms: number }

/** A call that wants to be made, with what the configuration says of its model. */
export interface AdmissionRequest extends SlotRequest {
  limits: RateLimits
}

/** Keeps the calls of all workers within their rates. */
export interface Admission {
  /** Waits up to 2 s here; throws the signal's reason once that is aborted. A model without a limit goes at once. */
  admit(request: AdmissionRequest, signal: AbortSignal): Promise<Admitted>
  /** Corrects what was reserved by what was used; null stands for nothing known. */
  settle(grant: Grant | null, usedTokens: number | null): Promise<void>
}

// Whoever waits elsewhere is back so much before its time: what is left, it waits for here, to the millisecond.
const LEAD_MS = 1_000

/** Admission by the limits of the configuration, over all processes on this database. */
export function createAdmission(pool: Pool): Admission {
  const written = new Map<string, Promise<void>>()

  return {
    async admit({ limits, ...request }, signal) {
      if (limits.rpm === undefined && limits.tpm === undefined) {
        return { outcome: 'go', grant: null }
      }
      await writeOnce(request, limits)
      for (;;) {
        const askedAt = performance.now()
        const slot = await reserveSlot(pool, request)
        if (slot.outcome === 'now') return { outcome: 'go', grant: slot.grant }
        if (slot.slotId === null || slot.ms > WAIT_HERE_MS) {
          const lead = slot.slotId === null ? 0 : LEAD_MS
          return { outcome: 'throttled', ms: Math.ceil(slot.ms - lead) }
        }
        await waitFor(slot.ms, slot.grant, signal)
        // A process that was held up for longer has lost its slot: too many would start at once.
        if (performance.now() - askedAt < slot.ms + GRACE_MS) {
          return { outcome: 'go', grant: slot.grant }
        }
      }
    },
    async settle(grant, usedTokens) {
      if (grant !== null && usedTokens !== null) await settleTokens(pool, grant, usedTokens)
    },
  }

  // Any model may be asked for, so that its limits are known only then.
  function writeOnce(
    { provider, key, model }: LimitedModel,
    { rpm, tpm }: RateLimits,
  ): Promise<void> {
    const name = JSON.stringify([provider, key, model])
    const known = written.get(name)
    if (known !== undefined) return known
    const writing = syncLimits(pool, [{ provider, key, model, rpm, tpm }])
    written.set(name, writing)
    writing.catch(() => written.delete(name))
    return writing
  }

  async function waitFor(ms: number, grant: Grant, signal: AbortSignal): Promise<void> {
    try {
      await pause(Math.ceil(ms), undefined, { signal })
    } catch (error) {
      await giveBackSlot(pool, grant)
      signal.throwIfAborted()
      throw error
    }
  }
}
