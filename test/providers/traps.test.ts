import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { assertNoRetries } from '../../src/providers/openai.ts'
import { ask, failureOf } from './calls.ts'
import {
  type Behaviour,
  delta,
  finish,
  say,
  startFaultServer,
  stream,
  usage,
} from './fault-server.ts'

// What others have fallen for, in the words of the list that was made of it.
const whole = {
  model: 'gpt-test-2026',
  choices: [{ message: { content: 'Hi' }, finish_reason: 'stop' }],
}

test('`maxRetries` as a string → start fails; one request per attempt.', async () => {
  const settings = Object.fromEntries([['maxRetries', '0']])
  const server = await startFaultServer(say(503, { error: { code: 'server_error' } }))

  expect(() => assertNoRetries(new OpenAI({ apiKey: 'sk-test', ...settings }))).toThrow(
    'received maxRetries 2',
  )
  await failureOf(ask(server).reply)
  expect(server.requests).toHaveLength(1)
})

test.each(['done', 'close'] as const)(
  'Stream without `finish_reason` → failure. (end: %s)',
  async (end) => {
    const server = await startFaultServer(stream([delta('Hi'), usage], end))

    expect(await failureOf(ask(server).reply)).toMatchObject({
      code: 'LLM.StreamInterrupted',
      usage: { inputTokens: 12 },
      partialText: 'Hi',
    })
  },
)

test('Abort mid-stream → cancelled, nothing stored as a result.', async () => {
  const server = await startFaultServer(
    stream([delta('Hi'), delta(' there'), finish('stop'), usage], 'hang'),
  )
  const controller = new AbortController()
  const reason = new Error('The run was cancelled.')

  const { reply } = ask(server, {
    watch: { signal: controller.signal, onText: () => controller.abort(reason) },
  })

  await expect(reply).rejects.toBe(reason)
})

test('Stall → `LLM.Timeout`, not cancelled.', async () => {
  const server = await startFaultServer(stream([delta('Hi')], 'hang'))
  const { signal } = new AbortController()

  const failure = await failureOf(ask(server, { watch: { signal } }).reply)

  expect(failure).toMatchObject({ code: 'LLM.Timeout', retryable: true, partialText: 'Hi' })
  expect(failure.message).toBe('The provider sent no further text within 300 ms.')
  expect(signal.aborted).toBe(false)
})

test.each<[string, Behaviour, boolean]>([
  ['HTML', say(200, '<html>Hi</html>'), true],
  ['HTML', say(200, '<html>Hi</html>'), false],
  ['{ error }', say(200, { error: { message: 'No.' } }), true],
  ['{ error }', say(200, { error: { message: 'No.' } }), false],
  ['{ error } beside choices', say(200, { error: { message: 'No.' }, ...whole }), false],
])(
  '200 + HTML, 200 + `{ error }`, both also where a stream was asked → failure. (%s, stream: %#)',
  async (_name, behave, streamed) => {
    const server = await startFaultServer(behave)

    expect(await failureOf(ask(server, { stream: streamed }).reply)).toMatchObject({
      code: 'LLM.BadGateway',
    })
  },
)

test.each([
  ['120', 120_000, 120_000],
  [new Date(Date.now() + 120_000).toUTCString(), 100_000, 120_000],
])('`Retry-After` of 120 s and as a date honoured. (%s)', async (retryAfter, least, most) => {
  const server = await startFaultServer(say(429, {}, { 'retry-after': retryAfter }))

  const { retryAfterMs } = await failureOf(ask(server).reply)

  expect(retryAfterMs).toBeGreaterThanOrEqual(least)
  expect(retryAfterMs).toBeLessThanOrEqual(most)
})

test.each(['-5', 'garbage'])(
  '`Retry-After`: `-5` and garbage ignored. (%s)',
  async (retryAfter) => {
    const server = await startFaultServer(say(429, {}, { 'retry-after': retryAfter }))

    expect((await failureOf(ask(server).reply)).retryAfterMs).toBeUndefined()
  },
)

test.each([
  ['content_filter', 'LLM.ContentFilter'],
  ['insufficient_quota', 'LLM.BillingExhausted'],
])('Mid-stream filter or billing code → not retried. (%s)', async (code, failure) => {
  const server = await startFaultServer(stream([delta('Hi'), { error: { code, message: 'No.' } }]))

  expect(await failureOf(ask(server).reply)).toMatchObject({
    code: failure,
    retryable: false,
    partialText: 'Hi',
    mayBePaid: true,
  })
})
