import { setTimeout as pause } from 'node:timers/promises'
import type { Pool } from 'pg'
import { DEFAULT_TENANT } from '../../src/contracts/names.ts'
import { createAdmission } from '../../src/models/admission.ts'
import { createBudgets } from '../../src/models/budget-queue.ts'
import { setBudgetRule } from '../../src/models/budget-rules.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openPool } from '../../src/store/pool.ts'
import { watchOtherLoad } from '../harness/load.ts'
import type { Options } from '../harness/options.ts'
import type { Report } from '../harness/report.ts'
import type { Servers } from '../harness/servers.ts'
import { medianOfQuiet, quantile } from '../harness/statistics.ts'

interface GuardBench {
  servers: Servers
  machine: Record<string, string>
  options: Options
}

const IN_FLIGHT = 64
const CALL_MS = 500
// Far above what is called: what is measured is the asking, not the waiting.
const LIMITS = { rpm: 10_000_000, tpm: 1_000_000_000 }
const MODEL = { provider: 'measured', key: 'key', model: 'measured' }
const BUDGET_MS = 2
const RATE_MS = 1

/** Makes a call of one kind and answers how long its guards took, in milliseconds. */
type Call = (number: number) => Promise<number>

interface Round {
  p50: number
  p99: number
  perSecond: number
  otherLoad: number
}

/** 64 calls of half a second in flight, all on one budget row, and all of one model with a rate. */
export async function measureGuards({ servers, machine, options }: GuardBench): Promise<Report> {
  const pool = openPool({ databaseUrl: await servers.createDatabase('guards'), size: 20 })
  try {
    await migrate(pool)
    const kinds = { budget: await withBudget(pool), rate: withRate(pool) }
    const rounds: Record<keyof typeof kinds, Round[]> = { budget: [], rate: [] }
    for (const call of Object.values(kinds)) await measure(call, 1)
    for (let round = 0; round < options.rounds; round += 1) {
      rounds.budget.push(await measure(kinds.budget, options.seconds))
      rounds.rate.push(await measure(kinds.rate, options.seconds))
    }
    return report({ machine, options, rounds })
  } finally {
    await pool.end()
  }
}

async function withBudget(pool: Pool): Promise<Call> {
  const limits = { limitMicros: 1e12, limitTokens: 1e12, limitCalls: null, softMicros: null }
  await setBudgetRule(pool, { kind: 'day', name: '*', ...limits, updatedBy: 'bench' })
  const budgets = createBudgets(pool)
  return async (number) => {
    const id = `measured:${number}/t/a/1`
    const call = {
      tenant: DEFAULT_TENANT,
      runId: `measured:${number}`,
      workflow: 'measured',
      trigger: 'measured',
    }
    const estimate = { estimateMicros: 100, estimateTokens: 100, lifeMs: 60_000 }
    const before = await timed(async () => {
      const { outcome } = await budgets.reserve({ id, call, ...estimate })
      if (outcome !== 'granted') throw new Error(`The budget was ${outcome}.`)
    })
    await pause(CALL_MS)
    return before + (await timed(() => budgets.settle({ id, micros: 90, tokens: 90 })))
  }
}

function withRate(pool: Pool): Call {
  const admission = createAdmission(pool)
  const { signal } = new AbortController()
  return async (number) => {
    let grant: Parameters<typeof admission.settle>[0] = null
    const request = { ...MODEL, limits: LIMITS, tokens: 100, slotId: String(number) }
    const before = await timed(async () => {
      const admitted = await admission.admit({ ...request, priority: 'interactive' }, signal)
      if (admitted.outcome !== 'go') throw new Error('The rate was not enough.')
      grant = admitted.grant
    })
    await pause(CALL_MS)
    await admission.settle(grant, 100)
    return before
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now()
  await work()
  return performance.now() - begin
}

let calls = 0

async function measure(call: Call, seconds: number): Promise<Round> {
  const times: number[] = []
  const otherLoad = watchOtherLoad()
  const begin = performance.now()
  const end = begin + seconds * 1_000
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async (_, lane) => {
      // As calls of many runs begin: one after the other, and not all in one moment.
      await pause((lane * CALL_MS) / IN_FLIGHT)
      while (performance.now() < end) times.push(await call((calls += 1)))
    }),
  )
  return {
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    perSecond: times.length / ((performance.now() - begin) / 1_000),
    otherLoad: otherLoad() ?? 0,
  }
}

function report({
  machine,
  options,
  rounds,
}: {
  machine: Record<string, string>
  options: Options
  rounds: { budget: Round[]; rate: Round[] }
}): Report {
  const of = (some: Round[], value: (round: Round) => number): number =>
    medianOfQuiet(some, value, ({ otherLoad }) => otherLoad)
  const row = (name: string, value: (round: Round) => number) => ({
    name,
    values: [of(rounds.budget, value), of(rounds.rate, value)],
  })
  return {
    title: `${IN_FLIGHT} model calls of ${CALL_MS} ms in flight`,
    machine,
    columns: ['reserve + settle, one budget row', 'admission, one rate'],
    rows: [
      row('added to a call: p50, ms', ({ p50 }) => p50),
      row('added to a call: p99, ms', ({ p99 }) => p99),
      row('calls/s', ({ perSecond }) => perSecond),
      row('cores kept busy by others', ({ otherLoad }) => otherLoad),
    ],
    bounds: [
      {
        number: 'guards',
        name: 'reservation and settlement, p50, ms',
        value: of(rounds.budget, ({ p50 }) => p50),
        limit: BUDGET_MS,
        at: 'most',
      },
      {
        number: 'guards',
        name: 'rate admission, p50, ms',
        value: of(rounds.rate, ({ p50 }) => p50),
        limit: RATE_MS,
        at: 'most',
      },
    ],
    notes: [
      `Medians of ${options.rounds} rounds of ${options.seconds} s, the two kinds in turn.`,
      'A call is a timer here: what its guards take is measured around them.',
    ],
  }
}
