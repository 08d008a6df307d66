import { asyncLocalStorage, Context, type Info } from '@temporalio/activity'
import { ApplicationFailure, defaultPayloadConverter } from '@temporalio/common'
import pino from 'pino'
import { afterAll, expect, test } from 'vitest'
import { type Answer, createAnswer } from '../../src/activities/answer.ts'
import { createCallModel } from '../../src/activities/call-model.ts'
import type { ModelCall } from '../../src/contracts/model-call.ts'
import type { NewRunEvent } from '../../src/contracts/run.ts'
import { listCalls } from '../../src/models/calls.ts'
import { readPrompts } from '../../src/models/prompts.ts'
import { ChatFailure, type ChatProvider } from '../../src/providers/chat.ts'
import { scripted, type ScriptedAnswer } from '../../src/providers/scripted.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openPool } from '../../src/store/pool.ts'
import { createDatabase } from '../harness.ts'

const { url } = await createDatabase()
const pool = openPool({ databaseUrl: url, size: 4 })
afterAll(() => pool.end())
await migrate(pool)

const prompts = readPrompts('prompts')
const log = pino({ level: 'silent' })
const signal = new AbortController().signal

let runs = 0
const newCall = (): ModelCall => {
  runs += 1
  return {
    tenant: 'default',
    runId: `run:${runs}`,
    step: 'triage',
    ask: 1,
    prompt: 'triage-issue',
    variables: { repository: 'acme/widgets', number: 7, title: 'The shop is down', body: '' },
  }
}

function dependenciesWith(provider: ChatProvider) {
  const events: NewRunEvent[] = []
  const append = async (added: NewRunEvent[]): Promise<void> => void events.push(...added)
  const choice = { provider, model: 'any' }
  return { events, pool, prompts, tiers: { fast: choice, strong: choice }, append, log }
}

/** A provider that gives these answers, and counts how often it was asked. */
function answering(...answers: ScriptedAnswer[]) {
  const provider = scripted({ msPerWord: 0, answers: { 'triage-issue': answers } })
  const asked = { times: 0 }
  const dependencies = dependenciesWith({
    name: 'counted',
    chat: (request, watch) => {
      asked.times += 1
      return provider.chat(request, watch)
    },
  })
  return { ...dependencies, asked, answer: createAnswer(dependencies) }
}

const good = { severity: 'low', labels: [], summary: 'Fine.' }

const failureOf = (reply: ReturnType<Answer>): Promise<ApplicationFailure> =>
  reply.then(
    () => Promise.reject(new Error('Expected a failure.')),
    (failure: ApplicationFailure) => failure,
  )

test('an answer is in the ledger before it is returned, and told to the readers', async () => {
  const { answer, events } = answering(good)
  const call = newCall()

  const reply = await answer(call, signal)

  const promptVersion = prompts.get('triage-issue')?.version
  expect(reply).toEqual({ output: good, model: 'scripted', promptVersion })
  expect(await listCalls(pool, call)).toMatchObject([
    { outcome: 'succeeded', output: good, provider: 'counted', promptVersion },
  ])
  expect(events[0]).toMatchObject({
    type: 'llm.started',
    data: { provider: 'counted', model: 'any', prompt: { name: 'triage-issue' } },
  })
  expect(events.at(-1)).toMatchObject({ type: 'llm.completed', data: { finishReason: 'stop' } })
  expect(events.map((event) => (event.type === 'llm.delta' ? event.data.text : '')).join('')).toBe(
    JSON.stringify(good),
  )
})

test('a call that was answered is not made again', async () => {
  const { answer, asked } = answering(good, { other: true })
  const call = newCall()

  const first = await answer(call, signal)
  const second = await answer(call, signal)

  expect(second).toEqual(first)
  expect(asked.times).toBe(1)
})

test('another ask is another call', async () => {
  const { answer, asked } = answering(good)
  const call = newCall()

  await answer(call, signal)
  await answer({ ...call, ask: 2 }, signal)

  expect(asked.times).toBe(2)
})

test('a throttled call comes back when told, a little spread', async () => {
  const { answer } = answering(
    new ChatFailure({
      code: 'LLM.RateLimited',
      retryable: true,
      message: 'Slowly.',
      retryAfterMs: 7_000,
      status: 429,
      requestId: 'req_9',
    }),
  )
  const call = newCall()

  const failure = await failureOf(answer(call, signal))

  expect(failure).toBeInstanceOf(ApplicationFailure)
  expect(failure).toMatchObject({
    type: 'LLM.RateLimited',
    nonRetryable: false,
    message: 'Slowly.',
    details: [{ provider: 'counted', model: 'any', status: 429, requestId: 'req_9' }],
  })
  expect(failure.nextRetryDelay).toBeGreaterThanOrEqual(7_000)
  expect(failure.nextRetryDelay).toBeLessThanOrEqual(9_401)
  expect(await listCalls(pool, call)).toMatchObject([
    { outcome: 'failed', failureCode: 'LLM.RateLimited', message: 'Slowly.', requestId: 'req_9' },
  ])
})

test('a hopeless call is not repeated, and says what to do', async () => {
  const refused = new ChatFailure({
    code: 'LLM.Auth',
    retryable: false,
    message: `Refused: ${'x'.repeat(600)}`,
  })

  const failure = await failureOf(answering(refused).answer(newCall(), signal))

  expect(failure).toMatchObject({ type: 'LLM.Auth', nonRetryable: true })
  expect(failure.message).toMatch(/^Refused.* Check OPENAI_API_KEY/)
  expect(failure.message).toHaveLength(500)
  expect(failure.nextRetryDelay).toBeUndefined()
})

test('an answer in the wrong form is paid, kept, and asked for once more', async () => {
  const { answer, asked } = answering({ severity: 'urgent' }, 'no JSON')
  const call = newCall()

  const first = await failureOf(answer(call, signal))
  const second = await failureOf(answer(call, signal))

  expect(first).toMatchObject({ type: 'LLM.InvalidOutput', nonRetryable: false })
  expect(second).toMatchObject({ type: 'LLM.InvalidOutput', nonRetryable: true })
  expect(asked.times).toBe(2)
  expect(await listCalls(pool, call)).toMatchObject([
    { outcome: 'failed', output: '{"severity":"urgent"}', outputTokens: 1 },
    { outcome: 'failed', output: 'no JSON', outputTokens: 2 },
  ])
})

test('an answer that was cut off is not repeated', async () => {
  const provider = scripted({ msPerWord: 0, answers: { 'triage-issue': ['{"sever'] } })
  const dependencies = dependenciesWith({
    name: 'cutting',
    chat: async (request, watch) => ({
      ...(await provider.chat(request, watch)),
      finishReason: 'length',
    }),
  })

  const failure = await failureOf(createAnswer(dependencies)(newCall(), signal))

  expect(failure).toMatchObject({ type: 'LLM.Truncated', nonRetryable: true })
  expect(failure.message).toContain('cut off at 400 tokens. Raise max_output_tokens')
})

test('text of an attempt that failed no longer counts', async () => {
  const { answer, events } = answering('no JSON', good)
  const call = newCall()

  await failureOf(answer(call, signal))
  await answer(call, signal)

  const told = events.map(({ type }) => type).filter((type) => type !== 'llm.delta')
  expect(told).toEqual(['llm.started', 'llm.reset', 'llm.started', 'llm.completed'])
  expect(new Set(events.map(({ key }) => key)).size).toBe(events.length)
})

test('run events that cannot be stored do not fail the call', async () => {
  const dependencies = answering(good)
  const answer = createAnswer({
    ...dependencies,
    append: () => Promise.reject(new Error('No log.')),
  })

  expect(await answer(newCall(), signal)).toMatchObject({ output: good })
})

test.each([
  [{ prompt: 'nothing' }, 'There is no prompt nothing.'],
  [{ variables: { number: 'seven' } }, 'cannot be filled in: variables'],
])('%j is a fault of the prompt', async (change, message) => {
  const failure = await failureOf(answering(good).answer({ ...newCall(), ...change }, signal))

  expect(failure).toMatchObject({ type: 'LLM.PromptInvalid', nonRetryable: true })
  expect(failure.message).toContain(message)
})

test('what nobody foresaw is worth another attempt', async () => {
  const oops = new Error('Oops.')
  const call = newCall()

  const failure = await failureOf(answering(oops).answer(call, signal))

  expect(failure).toBe(oops)
  expect(await listCalls(pool, call)).toMatchObject([
    { outcome: 'failed', failureCode: 'LLM.Unknown', message: 'Oops.' },
  ])
})

/** What Temporal puts around an activity, as far as this one needs it. */
function runAsActivity<Result>(
  work: () => Promise<Result>,
  { heartbeat, cancel }: { heartbeat: () => void; cancel: AbortController },
): Promise<Result> {
  const info: Partial<Info> = { heartbeatTimeoutMs: 30, attempt: 1 }
  const context: Context = Object.assign(Object.create(Context.prototype), {
    info,
    cancellationSignal: cancel.signal,
    heartbeat,
  })
  return asyncLocalStorage.run(context, work)
}

test('the activity sends heartbeats, and a cancelled one ends as cancelled', async () => {
  const cancel = new AbortController()
  const reason = new Error('The run was cancelled.')
  let heartbeats = 0
  const callModel = createCallModel(dependenciesWith(scripted({ msPerWord: 5_000 })))
  const call = newCall()
  const heartbeat = (): void => {
    heartbeats += 1
    if (heartbeats === 3) cancel.abort(reason)
  }

  const reply = runAsActivity(() => callModel(call), { heartbeat, cancel })

  await expect(reply).rejects.toBe(reason)
  expect(await listCalls(pool, call)).toMatchObject([
    { outcome: 'interrupted', message: 'The call was cancelled.', output: null },
  ])
})

test('a reply is plain JSON', async () => {
  const reply = await answering(good).answer(newCall(), signal)

  const payload = defaultPayloadConverter.toPayload(reply)
  expect(payload && defaultPayloadConverter.fromPayload(payload)).toEqual(reply)
})
