import { ApplicationFailure, defaultPayloadConverter } from '@temporalio/common'
import { afterAll, expect, test } from 'vitest'
import type { Answer } from '../../src/activities/answer.ts'
import { createAnswer } from '../../src/activities/answer.ts'
import { listCalls } from '../../src/models/calls.ts'
import { ChatFailure } from '../../src/providers/chat.ts'
import { scripted } from '../../src/providers/scripted.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openPool } from '../../src/store/pool.ts'
import { createDatabase } from '../harness.ts'
import { attemptOf, counted, good, newCall, openAnswer, prompts } from './answering.ts'

const { url } = await createDatabase()
const pool = openPool({ databaseUrl: url, size: 4 })
afterAll(() => pool.end())
await migrate(pool)

const failureOf = (reply: ReturnType<Answer>): Promise<ApplicationFailure> =>
  reply.then(
    () => Promise.reject(new Error('Expected a failure.')),
    (failure: ApplicationFailure) => failure,
  )

test('an answer is in the ledger before it is returned, and told to the readers', async () => {
  const { answer, events } = openAnswer(pool, { model: counted(good) })
  const call = newCall()

  const reply = await answer(call, attemptOf(call))

  const promptVersion = prompts.get('triage-issue')?.version
  expect(reply).toEqual({ output: good, model: 'scripted', promptVersion })
  expect(await listCalls(pool, call)).toMatchObject([
    {
      outcome: 'succeeded',
      output: good,
      provider: 'counted',
      promptVersion,
      trigger: 'newIssues',
      workflow: 'triageIssue',
      costMicros: expect.any(Number),
    },
  ])
  expect(events[0]).toMatchObject({
    type: 'llm.started',
    data: { provider: 'counted', model: 'gpt-5-mini', prompt: { name: 'triage-issue' } },
  })
  expect(events.at(-1)).toMatchObject({ type: 'llm.completed', data: { finishReason: 'stop' } })
  expect(events.map((event) => (event.type === 'llm.delta' ? event.data.text : '')).join('')).toBe(
    JSON.stringify(good),
  )
})

test.each([1, 2])('a call that was answered is not made again by attempt %i', async (number) => {
  const model = counted(good, { other: true })
  const { answer } = openAnswer(pool, { model })
  const call = newCall()

  const first = await answer(call, attemptOf(call))
  const second = await answer(call, attemptOf(call, { number }))

  expect(second).toEqual(first)
  expect(model.times()).toBe(1)
})

test('another ask is another call', async () => {
  const model = counted(good)
  const { answer } = openAnswer(pool, { model })
  const call = newCall()
  const again = { ...call, ask: 2 }

  await answer(call, attemptOf(call))
  await answer(again, attemptOf(again))

  expect(model.times()).toBe(2)
})

test('a throttled call comes back when told, a little spread', async () => {
  const refused = new ChatFailure({
    code: 'LLM.RateLimited',
    retryable: true,
    message: 'Slowly.',
    retryAfterMs: 7_000,
    status: 429,
    requestId: 'req_9',
  })
  const { answer } = openAnswer(pool, { model: counted(refused) })
  const call = newCall()

  const failure = await failureOf(answer(call, attemptOf(call)))

  expect(failure).toBeInstanceOf(ApplicationFailure)
  expect(failure).toMatchObject({
    type: 'LLM.RateLimited',
    nonRetryable: false,
    message: 'Slowly.',
    details: [{ code: 'LLM.RateLimited', status: 429, requestId: 'req_9' }],
  })
  expect(failure.nextRetryDelay).toBeGreaterThanOrEqual(7_000)
  expect(failure.nextRetryDelay).toBeLessThanOrEqual(9_401)
  expect(await listCalls(pool, call)).toMatchObject([
    { outcome: 'failed', failureCode: 'LLM.RateLimited', message: 'Slowly.', requestId: 'req_9' },
  ])
})

const fails = (code: 'LLM.Server' | 'LLM.RateLimited') =>
  new ChatFailure({ code, retryable: true, message: 'No.' })

test('of failures that pass the twentieth is the last, and those that were put off do not count', async () => {
  const failures = Array.from({ length: 40 }, (_, index) =>
    fails(index % 2 === 0 ? 'LLM.Server' : 'LLM.RateLimited'),
  )
  const call = newCall()
  const retryable: boolean[] = []

  // Each attempt in a process of its own: a breaker would only get in the way.
  for (const [index, failure] of failures.entries()) {
    const { answer } = openAnswer(pool, { model: counted(failure) })
    await pool.query('delete from llm_breakers')
    const { nonRetryable } = await failureOf(answer(call, attemptOf(call, { number: index + 1 })))
    retryable.push(nonRetryable !== true)
  }

  expect(retryable.indexOf(false)).toBe(38)
})

test('a hopeless call is not repeated, and says what to do', async () => {
  const refused = new ChatFailure({
    code: 'LLM.BadRequest',
    retryable: false,
    message: `Refused: ${'x'.repeat(600)}`,
  })
  const { answer } = openAnswer(pool, { model: counted(refused) })
  const call = newCall()

  const failure = await failureOf(answer(call, attemptOf(call)))

  expect(failure).toMatchObject({ type: 'LLM.BadRequest', nonRetryable: true })
  expect(failure.message).toMatch(/^Refused.* look at the prompt/)
  expect(failure.message).toHaveLength(500)
  expect(failure.nextRetryDelay).toBeUndefined()
})

test('text of an attempt that failed no longer counts', async () => {
  const { answer, events } = openAnswer(pool, { model: counted('no JSON', good) })
  const call = newCall()
  const again = { ...call, ask: 2, corrects: 1 }

  await failureOf(answer(call, attemptOf(call)))
  await answer(again, attemptOf(again))

  const told = events.map(({ type }) => type).filter((type) => type !== 'llm.delta')
  expect(told).toEqual(['llm.started', 'llm.reset', 'llm.started', 'llm.completed'])
  expect(new Set(events.map(({ key }) => key)).size).toBe(events.length)
})

test('run events that cannot be stored do not fail the call', async () => {
  const { dependencies } = openAnswer(pool, { model: counted(good) })
  const call = newCall()
  const answer = createAnswer({
    ...dependencies,
    append: () => Promise.reject(new Error('No log.')),
  })

  const reply = await answer(call, attemptOf(call))

  expect(reply).toMatchObject({ output: good })
})

test.each([
  [{ prompt: 'nothing' }, 'There is no prompt nothing.'],
  [{ variables: { number: 'seven' } }, 'cannot be filled in: variables'],
])('%j is a fault of the prompt', async (change, message) => {
  const { answer } = openAnswer(pool, { model: counted(good) })
  const call = { ...newCall(), ...change }

  const failure = await failureOf(answer(call, attemptOf(call)))

  expect(failure).toMatchObject({ type: 'LLM.PromptInvalid', nonRetryable: true })
  expect(failure.message).toContain(message)
})

test('what nobody foresaw is worth another attempt', async () => {
  const oops = new Error('Oops.')
  const { answer } = openAnswer(pool, { model: counted(oops) })
  const call = newCall()

  const failure = await failureOf(answer(call, attemptOf(call)))

  expect(failure).toBe(oops)
  expect(await listCalls(pool, call)).toMatchObject([
    { outcome: 'failed', failureCode: 'LLM.Unknown', message: 'Oops.' },
  ])
})

test('a cancelled call ends with the reason, and what it may have cost is known', async () => {
  const cancel = new AbortController()
  const reason = new Error('The run was cancelled.')
  const { answer } = openAnswer(pool, { model: scripted({ msPerWord: 5_000 }) })
  const call = newCall()

  const reply = answer(call, attemptOf(call, { signal: cancel.signal }))
  setTimeout(() => cancel.abort(reason), 50)

  await expect(reply).rejects.toBe(reason)
  expect(await listCalls(pool, call)).toMatchObject([
    {
      outcome: 'interrupted',
      message: 'The call was cancelled.',
      output: null,
      usageEstimated: true,
    },
  ])
})

test('a reply is plain JSON', async () => {
  const { answer } = openAnswer(pool, { model: counted(good) })
  const call = newCall()

  const reply = await answer(call, attemptOf(call))

  const payload = defaultPayloadConverter.toPayload(reply)
  expect(payload && defaultPayloadConverter.fromPayload(payload)).toEqual(reply)
})

test('a question that nobody is configured to answer is not repeated', async () => {
  const model = counted(good)
  const { answer } = openAnswer(pool, { model })
  const trial = { version: 1, wish: { tier: 'huge', model: null } }
  const call = { ...newCall(), trial }

  const failure = await failureOf(answer(call, attemptOf(call)))

  expect(failure).toMatchObject({ type: 'LLM.ModelNotFound', nonRetryable: true })
  expect(failure.message).toContain('expected a tier out of fast, strong, received huge.')
  expect(model.times()).toBe(0)
})
