import pino from 'pino'
import { afterAll, expect, test } from 'vitest'
import type { LimitedModel } from '../../src/contracts/limits.ts'
import { reserveSlot, syncLimits } from '../../src/models/limits.ts'
import { createRateWatch } from '../../src/models/observed-limits.ts'
import { migrate } from '../../src/store/migrate.ts'
import { createDatabase } from '../harness.ts'
import { openLimits } from './limited-model.ts'

const { url } = await createDatabase()
const { pool, other, close } = openLimits(url)
afterAll(close)
await migrate(pool)
const silent = pino({ level: 'silent' })

let models = 0
async function limitedModel(rpm: number): Promise<LimitedModel> {
  models += 1
  const model = { provider: 'openai', key: 'env:KEY', model: `model-${models}` }
  await syncLimits(pool, [{ ...model, rpm }])
  return model
}

/** Milliseconds between two slots of another worker, once what a lone call may be ahead is used up. */
async function pace(model: LimitedModel): Promise<number> {
  const call = { ...model, tokens: 0, priority: 'interactive' } as const
  const starts: number[] = []
  for (let calls = 0; calls < 10; calls += 1) {
    const slot = await reserveSlot(other, { ...call, slotId: `${model.model}/${calls}` })
    starts.push(performance.now() + (slot.outcome === 'now' ? 0 : slot.ms))
  }
  return (starts.at(-1) ?? 0) - (starts.at(-2) ?? 0)
}

const row = async ({ model }: LimitedModel) => {
  const { rows } = await pool.query(
    `select rate_factor, paused_until_ms - llm_now_ms() as paused_ms, steady_until_ms - llm_now_ms() as steady_ms
     from llm_limits where model = $1`,
    [model],
  )
  return rows[0]
}

const limits = (rpm: number) => ({ limits: { rpm }, remaining: {} })

test('a lower limit of the provider lowers the rate of every worker, a higher one does not raise it', async () => {
  const model = await limitedModel(600)
  const watch = createRateWatch(pool, silent)

  watch.heard(model, { news: limits(10_000), code: null })
  await watch.settled()
  const before = await pace(model)
  watch.heard(model, { news: limits(60), code: null })
  await watch.settled()

  expect(before).toBeLessThan(110)
  expect(await pace(model)).toBeGreaterThan(1_000)
})

test('a refusal halves the rate once, and nobody starts before the time that it names', async () => {
  const model = await limitedModel(600)
  const watches = [createRateWatch(pool, silent), createRateWatch(other, silent)]

  for (const watch of watches) {
    for (let refusals = 0; refusals < 5; refusals += 1) {
      watch.heard(model, { news: null, code: 'LLM.RateLimited', retryAfterMs: 7_000 })
    }
  }
  await Promise.all(watches.map((watch) => watch.settled()))

  const { rate_factor, paused_ms } = await row(model)
  expect(rate_factor).toBe(0.5)
  expect(paused_ms).toBeGreaterThan(4_000)
  expect(paused_ms).toBeLessThan(7_000)
  const slot = await reserveSlot(pool, {
    ...model,
    tokens: 0,
    priority: 'interactive',
    slotId: 'first',
  })
  expect(slot).toMatchObject({ outcome: 'wait' })
  expect(slot.outcome === 'wait' && slot.ms).toBeGreaterThan(4_000)
  expect(await pace(model)).toBeGreaterThan(200)
})

test('a provider that asks to slow down gets half of the rate for a quarter of an hour', async () => {
  const model = await limitedModel(600)
  const watch = createRateWatch(pool, silent)

  watch.heard(model, { news: null, code: 'LLM.SlowDown', retryAfterMs: 15_000 })
  await watch.settled()

  const { rate_factor, steady_ms } = await row(model)
  expect(rate_factor).toBe(0.5)
  expect(steady_ms).toBeGreaterThan(14.9 * 60_000)
})

test('the rate comes back by 0.05 a minute', async () => {
  const model = await limitedModel(600)
  await pool.query(
    `update llm_limits set rate_factor = 0.5, steady_until_ms = llm_now_ms() - 4 * 60000 where model = $1`,
    [model.model],
  )

  // 0.7 of 600, with 3 % of headroom: one in 147 ms.
  const ms = await pace(model)

  expect(ms).toBeGreaterThan(140)
  expect(ms).toBeLessThan(150)
})

test('however often it is refused, a tenth of the rate is left', async () => {
  const model = await limitedModel(600)
  await pool.query(
    `update llm_limits set rate_factor = 0.12, steady_until_ms = llm_now_ms() where model = $1`,
    [model.model],
  )
  const watch = createRateWatch(pool, silent)

  watch.heard(model, { news: null, code: 'LLM.Overloaded' })
  await watch.settled()

  expect(await row(model)).toMatchObject({ rate_factor: 0.1 })
})

test.each(['LLM.Server', 'LLM.Auth', null] as const)(
  '%s says nothing about the rate',
  async (code) => {
    const model = await limitedModel(600)
    const watch = createRateWatch(pool, silent)

    watch.heard(model, { news: null, code, retryAfterMs: 5_000 })
    await watch.settled()

    expect(await row(model)).toMatchObject({ rate_factor: 1 })
    expect((await row(model)).paused_ms).toBeLessThan(0)
  },
)

test('what is known already is not written again', async () => {
  const model = await limitedModel(600)
  const watch = createRateWatch(pool, silent)
  watch.heard(model, { news: limits(100), code: null })
  await watch.settled()
  await pool.query('update llm_limits set observed_rpm = 77 where model = $1', [model.model])

  for (let answers = 0; answers < 100; answers += 1) {
    watch.heard(model, { news: limits(100), code: null })
  }
  await watch.settled()

  const { rows } = await pool.query('select observed_rpm from llm_limits where model = $1', [
    model.model,
  ])
  expect(rows).toEqual([{ observed_rpm: 77 }])
})
