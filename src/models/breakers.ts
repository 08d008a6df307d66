import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { Pool } from 'pg'
import type { FailureCode } from '../contracts/failures.ts'
import type { ProviderKey } from '../contracts/limits.ts'
import {
  type BreakerRow,
  claimProbe,
  closeBreaker,
  countFailure,
  forgetFailures,
  openBreaker,
  prolongBreaker,
  readBreakers,
  returnLease,
} from './breaker-rows.ts'
import { type BreakerReason, clears, signalOf } from './breaker-signals.ts'

/** Whether a provider may be asked. */
export type BreakerCheck =
  | { outcome: 'closed' }
  /**
   * Not before `probeAt`, ISO 8601, which lies a little apart for each caller; it may go on earlier, when somebody
   * else's probe succeeds.
   */
  | { outcome: 'open'; reason: BreakerReason; message: string; probeAt: string }
  /** This call tries, and only this one: its outcome is to be reported with the lease. */
  | { outcome: 'probe'; leaseId: string }

/** How a call ended. */
export interface CallOutcome {
  /** Null for an answer. */
  code: FailureCode | null
  /** For operators. */
  message?: string
  /** Of the probe, where it was one. */
  leaseId?: string | undefined
}

/** What a report did: whoever closes a breaker lets the waiting runs go on. */
export type BreakerChange = 'opened' | 'closed' | null

/** Keeps all workers from asking a provider that cannot answer. */
export interface Breakers {
  /**
   * Costs nothing while all is well: one statement a second and process, whatever the number of calls. `atOnce` tries
   * before the pause is over, unless somebody tries already.
   */
  check(provider: ProviderKey, options?: { atOnce?: boolean }): Promise<BreakerCheck>
  /** After every call, cancelled ones included. An answer of a provider that works writes nothing. */
  report(provider: ProviderKey, outcome: CallOutcome): Promise<BreakerChange>
}

interface BreakerOptions {
  pool: Pool
  log: Logger
  /** How long a probe may take before another is let try: its worker may be dead. Default 2 minutes. */
  leaseMs?: number
}

const FRESH_MS = 1_000
const LEASE_MS = 120_000

/** The breakers of one process, over the rows that all share. */
export function createBreakers({ pool, log, leaseMs = LEASE_MS }: BreakerOptions): Breakers {
  let known = new Map<string, BreakerRow>()
  let readAt = -Infinity
  let reading: Promise<void> | undefined
  const claiming = new Set<string>()

  return {
    async check(provider, { atOnce = false } = {}) {
      if (performance.now() - readAt >= FRESH_MS) await (reading ??= read())
      const row = known.get(nameOf(provider))
      if (row === undefined || row.state === 'closed') return { outcome: 'closed' }
      if ((atOnce || remaining(row) <= 0) && !claiming.has(nameOf(provider))) {
        const leaseId = await claim(provider, { atOnce })
        if (leaseId !== null) return { outcome: 'probe', leaseId }
      }
      const current = known.get(nameOf(provider)) ?? row
      if (current.state === 'closed') return { outcome: 'closed' }
      return openUntil(current, Math.max(remaining(current), FRESH_MS))
    },

    async report(provider, { code, message = '', leaseId }) {
      const change =
        leaseId === undefined
          ? await reportCall(provider, { code, message })
          : await reportProbe(provider, { code, message, leaseId })
      if (change !== null) log.warn({ ...provider, code, reason: message }, `provider ${change}`)
      return change
    },
  }

  async function read(): Promise<void> {
    try {
      const rows = await readBreakers(pool)
      known = new Map(rows.map((row) => [nameOf(row), row]))
      readAt = performance.now()
    } finally {
      reading = undefined
    }
  }

  function forgetRead(): void {
    readAt = -Infinity
  }

  /** Milliseconds until somebody may try. */
  function remaining({ probeInMs, leaseForMs }: BreakerRow): number {
    return Math.max(probeInMs ?? 0, leaseForMs ?? 0) - (performance.now() - readAt)
  }

  async function claim(
    provider: ProviderKey,
    { atOnce }: { atOnce: boolean },
  ): Promise<string | null> {
    const name = nameOf(provider)
    const leaseId = randomUUID()
    // The other callers of this process need not ask, too.
    claiming.add(name)
    try {
      // Whoever has the lease tries: nothing else may fail before that.
      if (await claimProbe(pool, provider, { leaseId, leaseMs, atOnce })) {
        forgetRead()
        return leaseId
      }
      await (reading ??= read())
      return null
    } finally {
      claiming.delete(name)
    }
  }

  async function reportCall(
    provider: ProviderKey,
    { code, message }: { code: FailureCode | null; message: string },
  ): Promise<BreakerChange> {
    const signal = signalOf(code)
    if (signal === 'silent') return null
    if (signal === 'works' || signal === 'answers') {
      const row = known.get(nameOf(provider))
      if (row !== undefined && row.state === 'closed' && row.failures > 0) {
        row.failures = 0
        await forgetFailures(pool, provider)
      }
      return null
    }
    const opened =
      signal === 'outage'
        ? await countFailure(pool, provider, message)
        : await openBreaker(pool, provider, { reason: signal, message })
    forgetRead()
    return opened ? 'opened' : null
  }

  async function reportProbe(
    provider: ProviderKey,
    { code, message, leaseId }: { code: FailureCode | null; message: string; leaseId: string },
  ): Promise<BreakerChange> {
    const signal = signalOf(code)
    const reason = known.get(nameOf(provider))?.reason ?? 'outage'
    forgetRead()
    if (clears(signal, reason)) {
      return (await closeBreaker(pool, provider, leaseId)) ? 'closed' : null
    }
    if (signal === 'silent' || signal === 'answers' || signal === 'works') {
      await returnLease(pool, provider, { leaseId, atOnce: signal === 'silent' })
      return null
    }
    await prolongBreaker(pool, provider, { leaseId, reason: signal, message })
    return null
  }
}

// Thousands of runs that wait must not come back in one moment, of which one alone may try.
const apartBy = (ms: number): number => Math.min(60_000, 1_000 + ms / 5)

const nameOf = ({ provider, key }: ProviderKey): string => JSON.stringify([provider, key])

function openUntil({ reason, message }: BreakerRow, ms: number): BreakerCheck {
  return {
    outcome: 'open',
    reason: reason ?? 'outage',
    message: message ?? '',
    probeAt: new Date(Date.now() + ms + Math.random() * apartBy(ms)).toISOString(),
  }
}
