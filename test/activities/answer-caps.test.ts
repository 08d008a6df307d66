import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { createAnswer } from '../../src/activities/answer.ts'
import { setBudgetRule } from '../../src/models/budget-rules.ts'
import { ChatFailure, type ChatProvider } from '../../src/providers/chat.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openPool } from '../../src/store/pool.ts'
import { createDatabase } from '../harness.ts'
import { attemptOf, counted, good, newCall, openAnswer } from './answering.ts'

const { url } = await createDatabase()
const pool = openPool({ databaseUrl: url, size: 8 })
afterAll(() => pool.end())
await migrate(pool)

const DOLLAR = 1_000_000

async function spent(kind: string): Promise<{ spent: number; reserved: number }> {
  const { rows } = await pool.query<{ spent: number; reserved: number }>(
    `select spent_micros::float8 as spent, reserved_micros::float8 as reserved from budgets where kind = $1`,
    [kind],
  )
  return rows[0] ?? { spent: 0, reserved: 0 }
}

const limits = { limitTokens: null, limitCalls: null, softMicros: null }

test('500 calls at once against one dollar go above it by no more than the calls under way', async () => {
  const name = 'dollar'
  await setBudgetRule(pool, {
    kind: 'trigger',
    name,
    limitMicros: DOLLAR,
    ...limits,
    updatedBy: 'ada',
  })
  // By its own word each costs a cent, of which our estimate knows nothing.
  const cent = DOLLAR / 100
  let underWay = 0
  let mostUnderWay = 0
  const dear: ChatProvider = {
    name: 'dear',
    async chat(request, watch) {
      await pause(Math.random() * 30)
      const reply = await counted(good).chat(request, watch)
      return { ...reply, reportedCostMicros: cent }
    },
  }
  const { dependencies } = openAnswer(pool, { model: dear })
  const { reserve, settle, takeOver } = dependencies.budgets
  const answer = createAnswer({
    ...dependencies,
    budgets: {
      takeOver,
      async reserve(reservation) {
        const reserved = await reserve(reservation)
        if (reserved.outcome === 'granted') mostUnderWay = Math.max(mostUnderWay, (underWay += 1))
        return reserved
      },
      async settle(settlement) {
        const settled = await settle(settlement)
        underWay -= 1
        return settled
      },
    },
  })

  const outcomes = await Promise.allSettled(
    Array.from({ length: 500 }, () => {
      const call = { ...newCall(), trigger: name }
      return answer(call, attemptOf(call))
    }),
  )

  const answered = outcomes.filter(({ status }) => status === 'fulfilled').length
  const now = await spent('trigger')
  expect(now).toEqual({ spent: answered * cent, reserved: 0 })
  expect(now.spent).toBeGreaterThan(DOLLAR - cent)
  expect(now.spent).toBeLessThanOrEqual(DOLLAR + mostUnderWay * cent)
  expect(answered).toBeLessThan(500)
  const denied = outcomes.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
  expect(new Set(denied.map(({ type }) => type))).toEqual(new Set(['LLM.BudgetExceeded']))
})

test('where estimates hold, not a micro-dollar is spent above the budget', async () => {
  const name = 'estimated'
  const limitMicros = 20_000
  await setBudgetRule(pool, { kind: 'workflow', name, limitMicros, ...limits, updatedBy: 'ada' })
  const { answer } = openAnswer(pool, { model: counted(good) })

  const outcomes = await Promise.allSettled(
    Array.from({ length: 500 }, () => {
      const call = { ...newCall(), workflow: name }
      return answer(call, attemptOf(call))
    }),
  )

  const now = await spent('workflow')
  expect(now.reserved).toBe(0)
  expect(now.spent).toBeLessThanOrEqual(limitMicros)
  expect(outcomes.some(({ status }) => status === 'rejected')).toBe(true)
})

test('a denied call says which budget, and what it needs of it', async () => {
  const name = 'empty'
  await setBudgetRule(pool, { kind: 'tenant', name, limitMicros: 1, ...limits, updatedBy: 'ada' })
  const model = counted(good)
  const { answer } = openAnswer(pool, { model })
  const call = { ...newCall(), tenant: name }

  const failure = await answer(call, attemptOf(call)).catch((error: unknown) => error)

  expect(failure).toMatchObject({
    type: 'LLM.BudgetExceeded',
    nonRetryable: true,
    message: expect.stringContaining(`The budget tenant:${name}:`),
    details: [
      {
        subject: expect.stringMatching(/^tenant:empty:/),
        asked: { micros: expect.any(Number), tokens: expect.any(Number) },
      },
    ],
  })
  expect(model.times()).toBe(0)
})

test('what has been paid needs no budget', async () => {
  const name = 'spent'
  const rule = { kind: 'tenant', name, ...limits, updatedBy: 'ada' } as const
  const { answer } = openAnswer(pool, { model: counted(good) })
  const call = { ...newCall(), tenant: name }
  const paid = await answer(call, attemptOf(call))
  await setBudgetRule(pool, { ...rule, limitMicros: 0 })

  expect(await answer(call, { ...attemptOf(call), activity: 'of a run that was reset' })).toEqual(
    paid,
  )
})

test('an account without credit is a provider to wait for, and is not asked again', async () => {
  const config = `
providers:
  broke: { profile: custom, baseUrl: 'http://127.0.0.1:1/v1', price: { provider: openai } }
tiers: { fast: [broke/gpt-5-mini], strong: [broke/gpt-5-mini] }`
  const quota = new ChatFailure({
    code: 'LLM.BillingExhausted',
    retryable: false,
    message: 'None.',
  })
  const model = counted(quota)
  const { answer } = openAnswer(pool, { model, config })
  const [first, second] = [newCall(), newCall()]

  const refused = await answer(first, attemptOf(first)).catch((error: unknown) => error)
  const paused = await answer(second, attemptOf(second)).catch((error: unknown) => error)

  const waits = { nonRetryable: true, details: [{ subject: 'broke', until: expect.any(String) }] }
  expect(refused).toMatchObject({ type: 'LLM.BillingExhausted', ...waits })
  expect(paused).toMatchObject({ type: 'LLM.ProviderPaused', ...waits })
  expect(model.times()).toBe(1)
})

test('a provider that wants nothing for more than a quarter of an hour is waited for', async () => {
  const limited = new ChatFailure({
    code: 'LLM.RateLimited',
    retryable: true,
    message: 'Tomorrow.',
    retryAfterMs: 3_600_000,
  })
  const { answer } = openAnswer(pool, { model: counted(limited) })
  const call = newCall()

  const failure = await answer(call, attemptOf(call)).catch((error: unknown) => error)

  expect(failure).toMatchObject({
    type: 'LLM.RateLimited',
    nonRetryable: true,
    details: [{ subject: 'counted', until: expect.any(String) }],
  })
})
