import { setTimeout as pause } from 'node:timers/promises'
import pino from 'pino'
import { afterAll, expect, test } from 'vitest'
import { listBudgets } from '../../src/models/budget-list.ts'
import { setBudgetRule } from '../../src/models/budget-rules.ts'
import { createBudgets } from '../../src/models/budget-queue.ts'
import { reserve, type Reserved } from '../../src/models/budgets.ts'
import { listCalls } from '../../src/models/calls.ts'
import { beginAttempt, finishAttempt } from '../../src/models/ledger.ts'
import { createReservationSweeper, settle } from '../../src/models/reservations.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openPool } from '../../src/store/pool.ts'
import { createDatabase } from '../harness.ts'
import { until } from '../house.ts'

const { url } = await createDatabase()
const pool = openPool({ databaseUrl: url, size: 24 })
afterAll(() => pool.end())
await migrate(pool)
const log = pino({ level: 'silent' })

const DOLLAR = 1_000_000
const CENTS_3 = 30_000
const today = new Date().toISOString().slice(0, 10)

let runs = 0
function newAttempt(trigger: string, { lifeMs = 60_000 } = {}) {
  runs += 1
  const call = { tenant: 'default', runId: `flow:${runs}`, workflow: 'flow', trigger }
  const estimate = { estimateMicros: CENTS_3, estimateTokens: 100 }
  return { id: `flow:${runs}/t/a/1`, call, ...estimate, lifeMs }
}

const limitTo = (name: string, limitMicros: number): Promise<void> =>
  setBudgetRule(pool, {
    kind: 'trigger',
    name,
    limitMicros,
    limitTokens: null,
    limitCalls: null,
    softMicros: null,
    updatedBy: 'ada',
  })

async function budgetOf(trigger: string) {
  const [budget] = await listBudgets(pool, { scope: `trigger:${trigger}:${today}`, limit: 1 })
  if (budget === undefined) throw new Error(`Expected a budget of ${trigger}.`)
  return budget
}

async function sumOf(trigger: string): Promise<{ open: number; spent: number }> {
  const { rows } = await pool.query<{ open: number; spent: number }>(
    `select coalesce(sum(estimate_micros) filter (where state = 'open'), 0)::float8 as open,
            coalesce(sum(settled_micros), 0)::float8 as spent
       from llm_reservations where $1 = any (scopes)`,
    [`trigger:${trigger}:${today}`],
  )
  return rows[0] ?? { open: 0, spent: 0 }
}

/** As many processes, as far as the budgets know. */
const processes = Array.from({ length: 4 }, () => createBudgets(pool))
const processOf = (index: number) => processes[index % processes.length] ?? createBudgets(pool)

const isGranted = ({ outcome }: Reserved): boolean => outcome === 'granted'

test('500 calls of 3 cents at once against a dollar: exactly 33 are granted', async () => {
  await limitTo('crowd', DOLLAR)
  // Several budgets each, so that the order in which they are locked matters.
  await setBudgetRule(pool, {
    kind: 'day',
    name: '*',
    limitMicros: 1_000 * DOLLAR,
    limitTokens: null,
    limitCalls: null,
    softMicros: null,
    updatedBy: 'ada',
  })
  const attempts = Array.from({ length: 500 }, () => newAttempt('crowd'))

  const answers = await Promise.all(
    attempts.map((attempt, index) => processOf(index).reserve(attempt)),
  )

  expect(answers.filter(isGranted)).toHaveLength(33)
  expect(await budgetOf('crowd')).toMatchObject({ reservedMicros: 990_000, calls: 33 })
})

test('the cap holds at every moment while 500 calls reserve, settle twice, die and are swept', async () => {
  await limitTo('mixed', DOLLAR)
  const over: number[] = []
  const watching = new AbortController()
  const watcher = (async () => {
    for (; !watching.signal.aborted; await pause(1)) {
      const found = await listBudgets(pool, { scope: `trigger:mixed:${today}`, limit: 1 })
      const used = found.map(({ spentMicros, reservedMicros }) => spentMicros + reservedMicros)
      over.push(...used.filter((micros) => micros > DOLLAR))
    }
  })()

  async function call(index: number): Promise<void> {
    const dies = index % 5 === 0
    const attempt = newAttempt('mixed', { lifeMs: dies ? 1 : 60_000 })
    const budgets = processOf(index)
    const granted = isGranted(await budgets.reserve(attempt))
    if (index % 20 === 0) await createReservationSweeper({ pool, log }).stop()
    if (!granted || dies) return
    const cost = { id: attempt.id, micros: (index % 4) * 5_000, tokens: index % 4 }
    await Promise.all([budgets.settle(cost), processOf(index + 1).settle(cost)])
    await budgets.settle({ ...cost, micros: 30_000 })
  }
  const left = Array.from({ length: 500 }).keys()
  const workers = Array.from({ length: 40 }, async () => {
    for (const index of left) await call(index)
  })
  await Promise.all(workers)
  const sweepLast = createReservationSweeper({ pool, log })
  await until('what died to be swept', async () => (await sumOf('mixed')).open === 0)
  await sweepLast.stop()
  watching.abort()
  await watcher

  const { spentMicros, reservedMicros } = await budgetOf('mixed')
  expect(over).toEqual([])
  expect(reservedMicros).toBe(0)
  expect(spentMicros).toBe((await sumOf('mixed')).spent)
  expect(spentMicros).toBeGreaterThan(DOLLAR / 2)
})

test('what a killed worker had reserved counts as spent, in the ledger too, and a late settlement books once', async () => {
  await limitTo('killed', DOLLAR)
  const attempt = newAttempt('killed', { lifeMs: 1 })
  await reserve(pool, attempt)
  const call = { ...attempt.call, step: 'triage', ask: 1, prompt: 'triage-issue' }
  const about = { provider: 'openai', model: 'gpt-test', promptVersion: 'abc' }
  const begun = await beginAttempt(pool, { call, ...about, reservationId: attempt.id })
  if (begun.outcome !== 'begun') throw new Error('Expected an attempt to begin.')
  const sweepers = [
    createReservationSweeper({ pool, log }),
    createReservationSweeper({ pool, log }),
  ]

  await until('the sweep', async () => (await sumOf('killed')).open === 0)
  await Promise.all(sweepers.map((sweeper) => sweeper.stop()))
  const swept = await budgetOf('killed')
  const [estimated] = await listCalls(pool, attempt.call)
  const late = { id: attempt.id, micros: 12_000, tokens: 40 }
  const settled = [await settle(pool, late), await settle(pool, late)]
  await finishAttempt(pool, {
    id: begun.id,
    outcome: 'succeeded',
    model: 'gpt-test',
    finishReason: 'stop',
    usage: { inputTokens: 30, outputTokens: 10 },
    price: { costMicros: 12_000, source: 'genai-prices', priceVersion: 'v', unitPrices: null },
    requestId: null,
    ttftMs: null,
    latencyMs: 1,
    output: '',
  })

  expect(swept).toMatchObject({ spentMicros: CENTS_3, spentTokens: 100, reservedMicros: 0 })
  expect(estimated).toMatchObject({
    costMicros: CENTS_3,
    costSource: 'estimate',
    usageEstimated: true,
  })
  expect(settled).toEqual([true, false])
  expect(await budgetOf('killed')).toMatchObject({ spentMicros: 12_000, spentTokens: 40, calls: 1 })
  expect((await listCalls(pool, attempt.call))[0]).toMatchObject({
    costMicros: 12_000,
    costSource: 'genai-prices',
    usageEstimated: false,
  })
})

test('each attempt reserves for itself, and first counts what the one before it left open', async () => {
  await limitTo('repeated', DOLLAR)
  const first = newAttempt('repeated')
  const second = { ...first, id: first.id.replace(/1$/, '2') }
  const other = { ...first, id: first.id.replace('/a/', '/b/') }
  await reserve(pool, first)
  await reserve(pool, other)
  await reserve(pool, second)
  const meanwhile = await budgetOf('repeated')
  await settle(pool, { id: first.id, micros: 1_000, tokens: 3 })

  expect(meanwhile).toMatchObject({ spentMicros: CENTS_3, reservedMicros: 2 * CENTS_3, calls: 3 })
  expect(await budgetOf('repeated')).toMatchObject({ spentMicros: 1_000 })
})

test('what cost more than its estimate is booked in full', async () => {
  await limitTo('dear', 40_000)
  const attempt = newAttempt('dear')
  await reserve(pool, attempt)
  await settle(pool, { id: attempt.id, micros: 70_000, tokens: 500 })

  expect(await budgetOf('dear')).toMatchObject({ spentMicros: 70_000, reservedMicros: 0 })
  expect(await reserve(pool, newAttempt('dear'))).toMatchObject({ outcome: 'denied', used: 70_000 })
})

test('a burst of calls leaves connections to others, and one that is refused fails alone', async () => {
  await limitTo('burst', 1_000 * DOLLAR)
  const small = openPool({ databaseUrl: url, size: 5 })
  const budgets = createBudgets(small)
  const closed = newAttempt('burst')
  await budgets.reserve(closed)
  await budgets.settle({ id: closed.id, micros: 1, tokens: 1 })
  const attempts = Array.from({ length: 100 }, () => newAttempt('burst'))

  const burst = Promise.allSettled([closed, ...attempts].map((each) => budgets.reserve(each)))
  const queued = small.waitingCount
  const [refused, ...others] = await burst
  const connections = small.totalCount
  await small.end()

  expect(queued).toBe(0)
  expect(connections).toBeLessThan(5)
  expect(refused).toMatchObject({ status: 'rejected' })
  expect(others.every(({ status }) => status === 'fulfilled')).toBe(true)
})
