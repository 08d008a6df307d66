import { afterAll, expect, test } from 'vitest'
import { listCalls } from '../../src/models/calls.ts'
import { type AttemptEnd, beginAttempt, finishAttempt } from '../../src/models/ledger.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openPool } from '../../src/store/pool.ts'
import { createDatabase } from '../harness.ts'

const { url } = await createDatabase()
const pool = openPool({ databaseUrl: url, size: 8 })
afterAll(() => pool.end())
await migrate(pool)

let runs = 0
const newCall = () => {
  runs += 1
  return { tenant: 'default', runId: `run:${runs}`, step: 'triage', ask: 1, prompt: 'triage-issue' }
}

type Call = ReturnType<typeof newCall>

const begin = (call: Call) =>
  beginAttempt(pool, { call, provider: 'openai', model: 'gpt-test', promptVersion: 'abc' })

async function beginOpen(call: Call) {
  const begun = await begin(call)
  if (begun.outcome !== 'begun') throw new Error('Expected an attempt to begin.')
  return begun
}

const success = (id: string, output: unknown): AttemptEnd => ({
  id,
  outcome: 'succeeded',
  model: 'gpt-test-2026',
  finishReason: 'stop',
  usage: { inputTokens: 12, outputTokens: 3 },
  requestId: 'req_1',
  ttftMs: 81.4,
  latencyMs: 200.6,
  output,
})

const failure = (
  id: string,
  code: 'LLM.Server' | 'LLM.InvalidOutput' | 'LLM.RateLimited',
): AttemptEnd => ({
  id,
  outcome: 'failed',
  code,
  message: 'No.\0',
  usage: null,
  requestId: null,
  ttftMs: null,
  latencyMs: 10,
  output: 'text',
})

test('a call that has succeeded comes back finished', async () => {
  const call = newCall()
  const { id, attempt } = await beginOpen(call)
  expect(attempt).toBe(1)

  expect(await finishAttempt(pool, success(id, { b: 1, a: '\0 \ud800' }))).toBeNull()

  expect(await begin(call)).toEqual({
    outcome: 'finished',
    attempt: 1,
    reply: { output: { b: 1, a: '\0 \ud800' }, model: 'gpt-test-2026', promptVersion: 'abc' },
    measured: {
      finishReason: 'stop',
      ttftMs: 81,
      latencyMs: 201,
      usage: { inputTokens: 12, outputTokens: 3 },
    },
  })
  expect(await listCalls(pool, call)).toMatchObject([
    {
      step: 'triage',
      ask: 1,
      attempt: 1,
      provider: 'openai',
      model: 'gpt-test-2026',
      prompt: 'triage-issue',
      promptVersion: 'abc',
      outcome: 'succeeded',
      failureCode: null,
      message: null,
      inputTokens: 12,
      outputTokens: 3,
      finishReason: 'stop',
      requestId: 'req_1',
      ttftMs: 81,
      latencyMs: 201,
      output: { b: 1, a: '\0 \ud800' },
      startedAt: expect.stringMatching(/Z$/),
      endedAt: expect.stringMatching(/Z$/),
    },
  ])
})

test('an answer of null is an answer', async () => {
  const call = newCall()
  await finishAttempt(pool, success((await beginOpen(call)).id, null))

  expect(await begin(call)).toMatchObject({ outcome: 'finished', reply: { output: null } })
})

test('an attempt that never ended is interrupted by the next', async () => {
  const call = newCall()
  await begin(call)

  const second = await begin(call)

  expect(second).toMatchObject({ outcome: 'begun', attempt: 2, wroteBefore: true })
  expect(await outcomes(call)).toEqual(['interrupted', 'started'])
})

test('failures are counted, and text that was shown is remembered', async () => {
  const call = newCall()
  const first = await beginOpen(call)
  await finishAttempt(pool, failure(first.id, 'LLM.Server'))
  const second = await beginOpen(call)
  await finishAttempt(pool, { ...failure(second.id, 'LLM.InvalidOutput'), ttftMs: 5 })

  const third = await beginOpen(call)

  expect(first).toMatchObject({ wroteBefore: false, failuresBefore: 0 })
  expect(second).toMatchObject({ wroteBefore: false, failuresBefore: 1 })
  expect(third).toMatchObject({ attempt: 3, wroteBefore: true, failuresBefore: 2 })
  expect((await listCalls(pool, call))[0]).toMatchObject({
    outcome: 'failed',
    failureCode: 'LLM.Server',
    message: 'No.',
    output: 'text',
  })
})

test('what the provider put off, and what another model failed at, is no failure of this one', async () => {
  const call = newCall()
  const first = await beginOpen(call)
  await finishAttempt(pool, failure(first.id, 'LLM.RateLimited'))
  const plan = { call, provider: 'other', model: 'gpt-test', promptVersion: 'abc' }
  const other = await beginAttempt(pool, plan)
  if (other.outcome === 'begun') await finishAttempt(pool, failure(other.id, 'LLM.Server'))

  expect(await begin(call)).toMatchObject({ attempt: 3, failuresBefore: 0 })
})

test('another ask is another call, and its attempts count on', async () => {
  const call = newCall()
  await finishAttempt(pool, success((await beginOpen(call)).id, 'one'))

  expect(await begin({ ...call, ask: 2 })).toMatchObject({
    outcome: 'begun',
    attempt: 2,
    failuresBefore: 0,
    wroteBefore: true,
  })
})

test('of two attempts that both succeed the first stands', async () => {
  const call = newCall()
  const slow = await beginOpen(call)
  const quick = await beginOpen(call)

  expect(await finishAttempt(pool, success(slow.id, 'slow'))).toBeNull()
  const standing = await finishAttempt(pool, success(quick.id, 'quick'))

  expect(standing).toEqual({ output: 'slow', model: 'gpt-test-2026', promptVersion: 'abc' })
  expect(await outcomes(call)).toEqual(['succeeded', 'interrupted'])
})

test('saying the same end again changes nothing, and a success stays one', async () => {
  const call = newCall()
  const { id } = await beginOpen(call)

  await finishAttempt(pool, success(id, 'one'))
  expect(await finishAttempt(pool, success(id, 'one'))).toBeNull()
  await finishAttempt(pool, failure(id, 'LLM.Server'))

  expect(await outcomes(call)).toEqual(['succeeded'])
})

test('attempts that begin at once never share a number, and one success is all there is', async () => {
  const call = newCall()

  const begun = await Promise.allSettled(Array.from({ length: 8 }, () => beginOpen(call)))
  const ids = begun.flatMap((each) => (each.status === 'fulfilled' ? [each.value.id] : []))
  await Promise.allSettled(ids.map((id) => finishAttempt(pool, success(id, id))))

  const calls = await listCalls(pool, call)
  expect(ids.length).toBeGreaterThan(0)
  expect(new Set(calls.map(({ attempt }) => attempt)).size).toBe(calls.length)
  expect(calls.filter(({ outcome }) => outcome === 'succeeded')).toHaveLength(1)
})

test('nobody reads the calls of another tenant', async () => {
  const call = newCall()
  await begin(call)

  expect(await listCalls(pool, { ...call, tenant: 'other' })).toEqual([])
})

const outcomes = async (call: Call) => (await listCalls(pool, call)).map(({ outcome }) => outcome)

test('an answer is kept under whatever name the provider gives its model', async () => {
  const call = newCall()
  const { id } = await beginOpen(call)
  const model = 'é'.repeat(10_000)
  const end = { ...success(id, 'paid'), outcome: 'succeeded', model, finishReason: 'stop' } as const

  await finishAttempt(pool, { ...end, output: 'paid' })

  expect(await begin(call)).toMatchObject({ outcome: 'finished', reply: { output: 'paid' } })
  expect((await listCalls(pool, call))[0]?.model).toHaveLength(500)
})

test('what a call used and cost is kept, and not changed by saying it again', async () => {
  const call = { ...newCall(), trigger: 'newIssues', workflow: 'triageIssue' }
  const { id } = await beginOpen(call)
  const usage = {
    inputTokens: 12,
    outputTokens: 3,
    cachedInputTokens: 4,
    cacheWriteTokens: 1,
    reasoningTokens: 2,
  }
  const price = {
    costMicros: 7,
    source: 'override',
    priceVersion: 'override/1',
    unitPrices: null,
  } as const
  const paid = { usage, price, serviceTier: 'flex', responseId: 'resp_1', usageEstimated: true }
  await finishAttempt(pool, { ...success(id, 'one'), ...paid })

  await finishAttempt(pool, { ...success(id, 'one'), ...paid, price: { ...price, costMicros: 9 } })

  expect(await begin(call)).toMatchObject({ outcome: 'finished', measured: { usage } })
  expect(await listCalls(pool, call)).toMatchObject([
    {
      trigger: 'newIssues',
      workflow: 'triageIssue',
      ...usage,
      costMicros: 7,
      costSource: 'override',
      priceVersion: 'override/1',
      serviceTier: 'flex',
      responseId: 'resp_1',
      usageEstimated: true,
    },
  ])
})
