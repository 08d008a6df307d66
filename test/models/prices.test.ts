import { readFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { z } from 'zod'
import { PRICE_LIST_VERSION } from '../../src/models/price-list.ts'
import {
  type PriceOverride,
  removeOverrides,
  setOverride,
} from '../../src/models/price-overrides.ts'
import { createPrices } from '../../src/models/prices.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openPool } from '../../src/store/pool.ts'
import { createDatabase } from '../harness.ts'

const { url } = await createDatabase()
const pool = openPool({ databaseUrl: url, size: 2 })
afterAll(() => pool.end())
await migrate(pool)

const usage = { inputTokens: 1_000, outputTokens: 100 }
const mini = { priceProvider: 'openai', model: 'gpt-5.4-mini', usage }

const override = (changes: Partial<PriceOverride> & Pick<PriceOverride, 'provider' | 'model'>) =>
  setOverride(pool, {
    validFrom: null,
    inputMicros: null,
    outputMicros: null,
    cachedInputMicros: null,
    cacheWriteMicros: null,
    reasoningMicros: null,
    multipliers: {},
    updatedBy: 'ada',
    ...changes,
  })

test('a known model has the price of the list, under its dated names, too', async () => {
  const prices = createPrices({ pool })

  for (const model of ['gpt-5.4-mini', 'gpt-5.4-mini-2026-03-17']) {
    expect(await prices.priceOf({ ...mini, model })).toEqual({
      costMicros: 1_200,
      priced: true,
      source: 'genai-prices',
      priceVersion: PRICE_LIST_VERSION,
      unitPrices: {
        input: 750_000,
        output: 4_500_000,
        cachedInput: 75_000,
        cacheWrite: 750_000,
        reasoning: 4_500_000,
        multiplier: 1,
      },
      chargedMicros: 1_200,
    })
  }
})

test('the version of the list in the ledger is that of the package', () => {
  const file = new URL('../../node_modules/@pydantic/genai-prices/package.json', import.meta.url)
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(file, 'utf8')))

  expect(PRICE_LIST_VERSION).toBe(`genai-prices@${version}`)
})

test('what the provider reports comes before everything', async () => {
  const price = await createPrices({ pool }).priceOf({ ...mini, reportedCostMicros: 7 })

  expect(price).toMatchObject({ costMicros: 7, source: 'provider', chargedMicros: 7 })
})

test.each([
  ['cached input is cheaper', { cachedInputTokens: 400 }, 930],
  ['more cached than sent counts as all cached', { cachedInputTokens: 4_000 }, 525],
  [
    'cached and written together are no more than was sent',
    { cachedInputTokens: 800, cacheWriteTokens: 800 },
    660,
  ],
  ['reasoning is part of the output', { reasoningTokens: 50 }, 1_200],
  ['what no number is counts as none', { cachedInputTokens: Number.NaN }, 1_200],
])('%s', async (_, parts, costMicros) => {
  const price = await createPrices({ pool }).priceOf({ ...mini, usage: { ...usage, ...parts } })

  expect(price.costMicros).toBe(costMicros)
})

test.each([
  [271_999, 1_359_995 + 3_000],
  [272_000, 2_720_000 + 4_500],
])('%i tokens of input price the whole request by its tier', async (inputTokens, costMicros) => {
  const call = {
    priceProvider: 'openai',
    model: 'gpt-5.5',
    usage: { inputTokens, outputTokens: 100 },
  }

  expect((await createPrices({ pool }).priceOf(call)).costMicros).toBe(costMicros)
})

test.each([
  ['flex', 600],
  ['priority', 2_400],
  ['default', 1_200],
])('the service tier %s has its multiplier', async (serviceTier, costMicros) => {
  const price = await createPrices({ pool }).priceOf({ ...mini, serviceTier })

  expect(price).toMatchObject({ costMicros, source: 'genai-prices' })
})

test('10,000 calls of 500 output tokens at $0.005 per 1,000 cost $25.00', async () => {
  await override({ provider: 'house', model: 'half-cent', inputMicros: 0, outputMicros: 5_000_000 })
  const prices = createPrices({ pool })
  const call = {
    priceProvider: 'house',
    model: 'half-cent',
    usage: { inputTokens: 0, outputTokens: 500 },
  }

  let micros = 0
  for (let calls = 0; calls < 10_000; calls += 1)
    micros += (await prices.priceOf(call)).costMicros ?? 0

  expect(micros).toBe(25_000_000)
})

test('an override prices each kind of token, and its tiers', async () => {
  await override({
    provider: 'house',
    model: 'large-*',
    inputMicros: 1_000_000,
    cachedInputMicros: 100_000,
    cacheWriteMicros: 2_000_000,
    outputMicros: 10_000_000,
    reasoningMicros: 20_000_000,
    multipliers: { batch: 0.5 },
  })
  const parts = { cachedInputTokens: 500, cacheWriteTokens: 100, reasoningTokens: 40 }
  const call = { priceProvider: 'house', model: 'large-2', usage: { ...usage, ...parts } }
  const prices = createPrices({ pool })

  expect(await prices.priceOf(call)).toMatchObject({
    costMicros: 400 + 50 + 200 + 600 + 800,
    source: 'override',
  })
  expect(await prices.priceOf({ ...call, serviceTier: 'batch' })).toMatchObject({
    costMicros: 1_025,
  })
})

const setRanked = (model: string, outputMicros: number, validFrom: string | null = null) =>
  override({ provider: 'ranked', model, inputMicros: 0, outputMicros, validFrom })

test('a name comes before a pattern, a longer pattern before a shorter, and a price holds from its time on', async () => {
  await setRanked('*', 10_000)
  await setRanked('gpt-?.*', 20_000)
  await setRanked('gpt-5.4', 30_000)
  await setRanked('gpt-5.4', 40_000, '2026-06-01T00:00:00.000Z')
  const prices = createPrices({ pool })
  const costOf = async (model: string, at: string) =>
    (
      await prices.priceOf({
        priceProvider: 'ranked',
        model,
        usage: { inputTokens: 5, outputTokens: 1_000 },
        at: new Date(at),
      })
    ).costMicros

  expect(await costOf('llama', '2026-07-01')).toBe(10)
  expect(await costOf('gpt-5.5', '2026-07-01')).toBe(20)
  expect(await costOf('gpt-5.4', '2026-05-31')).toBe(30)
  expect(await costOf('gpt-5.4', '2026-06-01')).toBe(40)
  expect(await costOf('gpt-5x4', '2026-07-01')).toBe(10)
})

const setChanging = (outputMicros: number) =>
  override({ provider: 'changing', model: 'one', inputMicros: 0, outputMicros })

test('a changed override has another version, and one that was removed no longer holds', async () => {
  const call = { priceProvider: 'changing', model: 'one', usage }
  await setChanging(1_000_000)
  const first = await createPrices({ pool }).priceOf(call)
  await setChanging(2_000_000)
  const second = await createPrices({ pool }).priceOf(call)
  const removed = await removeOverrides(pool, { provider: 'changing', model: 'one' })

  expect([first.costMicros, second.costMicros]).toEqual([100, 200])
  expect(first.priceVersion).toMatch(/^override\/\d+$/)
  expect(second.priceVersion).not.toBe(first.priceVersion)
  expect(removed).toBe(1)
  expect(await createPrices({ pool }).priceOf(call)).toMatchObject({ source: 'none' })
})

test('own models and the scripted one can cost nothing', async () => {
  await override({ provider: 'ollama', model: '*', inputMicros: 0, outputMicros: 0 })
  const prices = createPrices({ pool })

  for (const priceProvider of ['ollama', 'scripted']) {
    expect(await prices.priceOf({ priceProvider, model: 'any', usage })).toMatchObject({
      costMicros: 0,
      priced: true,
      chargedMicros: 0,
    })
  }
})

test('unknown is not free: budgets are charged the dearest model of the provider', async () => {
  const prices = createPrices({ pool })
  const dearest = await prices.priceOf({ ...mini, model: 'o1-pro' })
  const unknown = await prices.priceOf({ ...mini, model: 'gpt-77' })

  expect(unknown).toEqual({
    costMicros: null,
    priced: false,
    source: 'none',
    priceVersion: null,
    unitPrices: null,
    chargedMicros: dearest.costMicros,
  })
})

test('of an unknown provider budgets are charged the dearest configured model, else of all', async () => {
  const call = {
    priceProvider: 'basement',
    model: 'home-made',
    inputTokens: 1_000,
    maxOutputTokens: 100,
  }
  const configured = [
    { priceProvider: 'openai', model: 'gpt-5.4-nano' },
    { priceProvider: 'openai', model: 'gpt-5.4-mini' },
    { priceProvider: 'basement', model: 'home-made' },
  ]

  expect(await createPrices({ pool, configured }).estimate(call)).toEqual({
    micros: 1_200,
    priced: false,
  })
  const alone = await createPrices({ pool }).estimate(call)
  expect(alone).toEqual({ micros: 210_000, priced: false })
})

test('an estimate is rounded up, but not by the noise of floats', async () => {
  const prices = createPrices({ pool })
  const estimate = (inputTokens: number, maxOutputTokens: number) =>
    prices.estimate({
      priceProvider: 'openai',
      model: 'gpt-5.4-mini',
      inputTokens,
      maxOutputTokens,
    })

  expect(await estimate(1, 0)).toEqual({ micros: 1, priced: true })
  expect(await estimate(1_000, 100)).toEqual({ micros: 1_200, priced: true })
  expect(await estimate(1_001, 100)).toEqual({ micros: 1_201, priced: true })
})
