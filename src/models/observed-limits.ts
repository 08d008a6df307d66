import type { Logger } from 'pino'
import type { Pool } from 'pg'
import type { FailureCode } from '../contracts/failures.ts'
import type { LimitedModel, RateNews } from '../contracts/limits.ts'

/** What an answer or a refusal said. */
export interface RateWord {
  /** What its headers said; null where nothing. */
  news: RateNews | null
  /** The failure; null for an answer. */
  code: FailureCode | null
  /** The least delay that the failure asks for. */
  retryAfterMs?: number | undefined
}

/** Listens to what providers say about their limits, and lets all workers know. */
export interface RateWatch {
  /** Returns at once. What changes the rate is written within a second. */
  heard(model: LimitedModel, word: RateWord): void
  /** Resolves when nothing is left to write. */
  settled(): Promise<void>
}

interface Pending {
  model: LimitedModel
  rpm: number | null
  tpm: number | null
  refused: boolean
  slowDown: boolean
  pauseMs: number
}

const WRITE_EVERY_MS = 1_000
// What was under way when the rate was cut is refused within seconds; that is no reason to cut it again.
const CUT_ONCE_IN_MS = 5_000
// OpenAI asks for this long when it answers slow_down.
const SLOW_FOR_MS = 15 * 60_000

const REFUSALS: ReadonlySet<FailureCode> = new Set([
  'LLM.RateLimited',
  'LLM.SlowDown',
  'LLM.Overloaded',
])

const CUTS = '($6::boolean and cut_until_ms <= now_ms)'
const WRITE = `
  update llm_limits l set
    observed_rpm = coalesce($4::float8, observed_rpm),
    observed_tpm = coalesce($5::float8, observed_tpm),
    paused_until_ms = greatest(paused_until_ms, now_ms + $8::float8),
    rate_factor = case when ${CUTS} then greatest(0.1, llm_borne(l, now_ms) / 2) else rate_factor end,
    steady_until_ms = case when ${CUTS}
      then greatest(steady_until_ms, now_ms + case when $7::boolean then ${SLOW_FOR_MS} else 0 end)
      else steady_until_ms end,
    cut_until_ms = case when ${CUTS} then now_ms + greatest($8::float8, ${CUT_ONCE_IN_MS}) else cut_until_ms end
  from llm_now_ms() as now_ms
  where provider = $1 and key = $2 and model = $3`

/** One statement a second and model at most, and none while there is nothing new. */
export function createRateWatch(pool: Pool, log: Logger): RateWatch {
  const known = new Map<string, RateNews['limits']>()
  const pending = new Map<string, Pending>()
  const timers = new Map<string, NodeJS.Timeout>()
  const writtenAt = new Map<string, number>()
  const writing = new Set<Promise<void>>()

  return {
    heard(model, { news, code, retryAfterMs = news?.retryAfterMs }) {
      const name = JSON.stringify([model.provider, model.key, model.model])
      const limits = newsOf(name, news?.limits ?? {})
      const refused = code !== null && REFUSALS.has(code)
      if (limits === null && !refused) return

      const before = pending.get(name)
      pending.set(name, {
        model,
        rpm: limits?.rpm ?? before?.rpm ?? null,
        tpm: limits?.tpm ?? before?.tpm ?? null,
        refused: refused || before?.refused === true,
        slowDown: code === 'LLM.SlowDown' || before?.slowDown === true,
        pauseMs: Math.max(refused ? (retryAfterMs ?? 0) : 0, before?.pauseMs ?? 0),
      })
      schedule(name)
    },
    async settled() {
      for (const name of pending.keys()) writeOut(name)
      await Promise.all(writing)
    },
  }

  /** What is not known yet; null where all of it is. */
  function newsOf(name: string, said: RateNews['limits']): RateNews['limits'] | null {
    const before = known.get(name) ?? {}
    const limits = { rpm: said.rpm ?? before.rpm, tpm: said.tpm ?? before.tpm }
    if (limits.rpm === before.rpm && limits.tpm === before.tpm) return null
    known.set(name, limits)
    return limits
  }

  function schedule(name: string): void {
    if (timers.has(name)) return
    const sinceMs = performance.now() - (writtenAt.get(name) ?? -WRITE_EVERY_MS)
    const timer = setTimeout(() => writeOut(name), Math.max(0, WRITE_EVERY_MS - sinceMs))
    timers.set(name, timer.unref())
  }

  function writeOut(name: string): void {
    clearTimeout(timers.get(name))
    timers.delete(name)
    const next = pending.get(name)
    if (next === undefined) return
    pending.delete(name)
    writtenAt.set(name, performance.now())
    const underWay = write(next)
      .catch((err: unknown) => {
        // Said again with the next answer.
        known.delete(name)
        log.warn({ err, ...next.model }, 'what a provider said of its limits was lost')
      })
      .finally(() => writing.delete(underWay))
    writing.add(underWay)
  }

  async function write({ model, rpm, tpm, refused, slowDown, pauseMs }: Pending): Promise<void> {
    const names = [model.provider, model.key, model.model]
    await pool.query({
      name: 'observe-limits',
      text: WRITE,
      values: [...names, rpm, tpm, refused, slowDown, pauseMs],
    })
  }
}
