import { expect, test } from 'vitest'
import { moneySchemas } from '../../src/api/money-schemas.ts'
import { Problem } from '../../src/api/schemas.ts'
import { reserve } from '../../src/models/budgets.ts'
import { beginAttempt, finishAttempt } from '../../src/models/ledger.ts'
import { openApi } from './open-api.ts'

const { pool, request } = await openApi()
const today = new Date().toISOString().slice(0, 10)

const put = (path: string, body: unknown): Promise<Response> =>
  request(path, {
    method: 'PUT',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  })

const remove = (path: string): Promise<Response> => request(path, { method: 'DELETE' })

let calls = 0
/** A finished call in the ledger. */
async function spent(
  costMicros: number | null,
  { trigger = 'newIssues', model = 'gpt-test', tenant = 'default' } = {},
): Promise<string> {
  calls += 1
  const runId = `triageIssue:github:${calls}`
  const call = {
    tenant,
    runId,
    step: 's',
    ask: 1,
    prompt: 'triage',
    workflow: 'triageIssue',
    trigger,
  }
  const begun = await beginAttempt(pool, { call, provider: 'openai', model, promptVersion: '1' })
  if (begun.outcome !== 'begun') throw new Error('Expected an attempt to begin.')
  await finishAttempt(pool, {
    id: begun.id,
    outcome: 'succeeded',
    model,
    finishReason: 'stop',
    usage: { inputTokens: 10, outputTokens: 5, cachedInputTokens: 4, reasoningTokens: 1 },
    price: {
      costMicros,
      source: costMicros === null ? 'none' : 'override',
      priceVersion: null,
      unitPrices: null,
    },
    serviceTier: 'default',
    responseId: `resp_${calls}`,
    requestId: null,
    ttftMs: null,
    latencyMs: 5,
    output: 'secret',
  })
  return runId
}

test('a rule is set, seen with what is spent of it, and removed', async () => {
  const set = await put('/api/budgets', {
    kind: 'trigger',
    name: 'newIssues',
    limitMicros: 5_000_000,
  })
  const call = { tenant: 'default', runId: 'f:1', workflow: 'f', trigger: 'newIssues' }
  const estimate = { estimateMicros: 30_000, estimateTokens: 7, lifeMs: 60_000 }
  await reserve(pool, { id: 'f:1/t/a/1', call, ...estimate })
  const listed = moneySchemas.Budgets.parse(await (await request('/api/budgets')).json())
  const removed = await remove('/api/budgets?kind=trigger&name=newIssues')

  expect(set.status).toBe(200)
  expect(listed.rules).toMatchObject([{ kind: 'trigger', name: 'newIssues', updatedBy: 'api' }])
  expect(listed.budgets).toMatchObject([
    {
      scope: `trigger:newIssues:${today}`,
      reservedMicros: 30_000,
      limitMicros: 5_000_000,
      calls: 1,
    },
  ])
  expect(moneySchemas.Budgets.parse(await removed.json()).rules).toEqual([])
  expect((await remove('/api/budgets?kind=trigger&name=newIssues')).status).toBe(404)
})

test('one scope has limits of its own, and loses them again', async () => {
  const scope = `day:${today}`
  const set = await put('/api/budgets', { scope, limitTokens: 100, by: 'ada' })
  const removed = await remove(`/api/budgets?scope=${scope}`)

  expect(moneySchemas.Budgets.parse(await set.json()).budgets).toMatchObject([
    { scope, ownLimits: true, limitTokens: 100, limitMicros: null },
  ])
  expect(moneySchemas.Budgets.parse(await removed.json()).budgets).toMatchObject([
    { scope, ownLimits: false, limitTokens: null },
  ])
  expect((await remove(`/api/budgets?scope=${scope}`)).status).toBe(404)
})

test.each([
  ['nothing to limit', { kind: 'day' }],
  ['neither kind nor scope', { limitMicros: 1 }],
  ['kind and scope', { kind: 'day', scope: 'day:2026-11-21', limitMicros: 1 }],
  ['no scope at all', { scope: 'week:7', limitMicros: 1 }],
  ['a day with a name', { kind: 'day', name: 'monday', limitMicros: 1 }],
  ['an unknown kind', { kind: 'year', limitMicros: 1 }],
  ['a fraction', { kind: 'day', limitMicros: 0.5 }],
  ['less than nothing', { kind: 'day', limitMicros: -1 }],
])('a budget with %s is refused', async (_, body) => {
  const response = await put('/api/budgets', body)

  expect(response.status).toBe(400)
  expect(Problem.parse(await response.json())).toMatchObject({ code: 'invalid_request' })
})

test('spending is summed up for the tenant, what has no price apart', async () => {
  await spent(2_000, { trigger: 'a' })
  await spent(1_000, { trigger: 'a' })
  await spent(7_000, { trigger: 'b', model: 'large' })
  await spent(null, { trigger: 'b' })
  await spent(99_000, { tenant: 'other' })
  const sum = async (query: string) =>
    moneySchemas.Spend.parse(await (await request(`/api/spend?${query}`)).json())
  const byTrigger = await sum('by=trigger')

  expect(byTrigger.rows).toMatchObject([
    { key: 'b', costMicros: 7_000, calls: 2, unpricedCalls: 1 },
    { key: 'a', costMicros: 3_000, calls: 2, unpricedCalls: 0, cachedInputTokens: 8 },
  ])
  expect(byTrigger.total).toMatchObject({ costMicros: 10_000, calls: 4, outputTokens: 20 })
  expect(await sum('by=model&limit=1')).toMatchObject({
    rows: [{ key: 'large' }],
    total: { costMicros: 10_000 },
    cut: true,
  })
  expect((await sum('by=day')).rows).toMatchObject([{ key: today, costMicros: 10_000 }])
  expect((await sum('by=promptVersion')).rows).toMatchObject([{ key: 'triage@1' }])
  expect((await sum('by=run&to=2026-01-01T00:00:00Z')).total).toMatchObject({
    calls: 0,
    costMicros: 0,
  })
  expect((await request('/api/spend?by=moon')).status).toBe(400)
})

const page = async (query: string) =>
  moneySchemas.CallPage.parse(await (await request(`/api/ledger?${query}`)).json())

test('the ledger is read by page and filter, answers only where they are asked for', async () => {
  const runIds = [await spent(1, { trigger: 'paged' }), await spent(2, { trigger: 'paged' })]
  const first = await page('trigger=paged&limit=1')
  const second = await page(`trigger=paged&limit=1&after=${first.next}`)

  expect(first.calls).toMatchObject([
    { runId: runIds[1], costMicros: 2, output: null, reasoningTokens: 1, serviceTier: 'default' },
  ])
  expect(second.calls).toMatchObject([{ runId: runIds[0], costMicros: 1 }])
  expect(second.next).toBeNull()
  expect((await page('trigger=paged&output=1')).calls[0]?.output).toBe('secret')
  expect((await page(`run=${runIds[0]}`)).calls).toMatchObject([{ output: 'secret' }])
  expect((await page('trigger=paged&to=2026-01-01T00:00:00Z')).calls).toEqual([])
})

const read = async (response: Response) => moneySchemas.Prices.parse(await response.json())

test('prices are shown by their source, set and removed', async () => {
  const path = '/api/prices?provider=house&model=one'
  const before = await read(await request(path))
  const body = { provider: 'house', model: 'one', inputMicros: 1, outputMicros: 2, by: 'ada' }
  const set = await read(await put('/api/prices', body))
  const removed = await read(await remove(path))
  const listed = await read(await request('/api/prices?model=gpt-5.4-mini'))

  expect(before).toMatchObject({ overrides: [], price: { source: 'none', unitPrices: null } })
  expect(set).toMatchObject({
    overrides: [{ model: 'one', outputMicros: 2, updatedBy: 'ada' }],
    price: { source: 'override', unitPrices: { input: 1, output: 2, cachedInput: 1 } },
  })
  expect(removed.overrides).toEqual([])
  expect(listed.price).toMatchObject({ source: 'genai-prices', unitPrices: { output: 4_500_000 } })
  expect((await remove(path)).status).toBe(404)
  expect((await put('/api/prices', { ...body, outputMicros: null })).status).toBe(400)
})
