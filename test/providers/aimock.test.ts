import { LLMock } from '@copilotkit/aimock'
import { expect, onTestFinished, test } from 'vitest'
import { ask, failureOf } from './calls.ts'

// A model server that somebody else wrote, as a check on what we believe about the wire.
type Fixture = Parameters<LLMock['addFixture']>[0]

const patient = { timeoutMs: 5_000, idleTimeoutMs: 5_000 }

async function startMock(fixture: Partial<Fixture> = {}) {
  const mock = new LLMock({ port: 0 })
  mock.addFixture({
    match: { userMessage: 'Hello?' },
    response: {
      content: 'Hi there, how are you?',
      usage: { prompt_tokens: 12, completion_tokens: 7 },
    },
    chunkSize: 4,
    ...fixture,
  })
  await mock.start()
  onTestFinished(() => mock.stop())
  return { mock, server: { baseUrl: `${mock.url}/v1` } }
}

test('a streamed answer comes in pieces, with its usage', async () => {
  const { server } = await startMock()

  const { pieces, reply } = ask(server, { options: patient })

  expect(await reply).toMatchObject({
    outcome: 'complete',
    text: 'Hi there, how are you?',
    finishReason: 'stop',
    usage: { inputTokens: 12, outputTokens: 7 },
    responseId: expect.stringMatching(/^chatcmpl-/),
  })
  expect(pieces.length).toBeGreaterThan(3)
  expect(pieces.join('')).toBe('Hi there, how are you?')
})

test('an answer in one piece is the same', async () => {
  const { server } = await startMock()

  expect(await ask(server, { stream: false, options: patient }).reply).toMatchObject({
    outcome: 'complete',
    text: 'Hi there, how are you?',
    usage: { inputTokens: 12, outputTokens: 7 },
    ttftMs: null,
  })
})

test.each([true, false])('an answer at its limit is truncated (stream: %s)', async (streamed) => {
  const response = {
    content: 'Hi',
    finishReason: 'length',
    usage: { prompt_tokens: 12, completion_tokens: 1 },
  }
  const { server } = await startMock({ response })

  const { reply } = ask(server, { stream: streamed, options: patient })

  expect(await reply).toMatchObject({
    outcome: 'truncated',
    text: 'Hi',
    usage: { outputTokens: 1 },
  })
})

test.each([true, false])(
  'a filtered answer is a failure with usage (stream: %s)',
  async (streamed) => {
    const response = {
      content: 'Hi',
      finishReason: 'content_filter',
      usage: { prompt_tokens: 12, completion_tokens: 1 },
    }
    const { server } = await startMock({ response })

    const { reply } = ask(server, { stream: streamed, options: patient })

    expect(await failureOf(reply)).toMatchObject({
      code: 'LLM.ContentFilter',
      retryable: false,
      usage: { inputTokens: 12, outputTokens: 1 },
    })
  },
)

type Refused = [status: number, code: string, failure: string, retryable: boolean]

test.each<Refused>([
  [429, 'rate_limit_exceeded', 'LLM.RateLimited', true],
  [429, 'insufficient_quota', 'LLM.BillingExhausted', false],
  [401, 'invalid_api_key', 'LLM.Auth', false],
  [404, 'model_not_found', 'LLM.ModelNotFound', false],
  [400, 'context_length_exceeded', 'LLM.ContextLength', false],
  [500, 'server_error', 'LLM.Server', true],
  [503, 'overloaded', 'LLM.Overloaded', true],
])('%i %s is %s, after one request', async (status, code, failure, retryable) => {
  const { mock, server } = await startMock()
  mock.nextRequestError(status, { message: 'No.', type: 'error', code })

  expect(await failureOf(ask(server, { options: patient }).reply)).toMatchObject({
    code: failure,
    status,
    retryable,
    mayBePaid: false,
  })
  expect(mock.getRequests()).toHaveLength(1)
})

test('what a rate limit says about coming back is heard', async () => {
  const { mock, server } = await startMock()
  mock.nextRequestError(429, {
    message: 'Slowly.',
    type: 'rate_limit',
    code: 'rate_limit_exceeded',
  })

  const { rates, reply } = ask(server, { options: patient })

  expect(await failureOf(reply)).toMatchObject({ retryAfterMs: 1_000 })
  expect(rates).toMatchObject([{ retryAfterMs: 1_000 }])
})

test('a connection that dies in mid-stream is worth another attempt, and may have to be paid', async () => {
  const { mock, server } = await startMock({ truncateAfterChunks: 3, latency: 5 })

  expect(await failureOf(ask(server, { options: patient }).reply)).toMatchObject({
    code: 'LLM.StreamInterrupted',
    retryable: true,
    mayBePaid: true,
    partialText: expect.stringMatching(/^Hi/),
  })
  expect(mock.getRequests()).toHaveLength(1)
})

test.each([
  ['disconnectRate', 'LLM.Connection'],
  ['dropRate', 'LLM.Server'],
  ['malformedRate', 'LLM.BadGateway'],
  ['rateLimitRate', 'LLM.RateLimited'],
])('chaos by %s is worth another attempt', async (rate, code) => {
  const { mock, server } = await startMock()
  mock.setChaos({ [rate]: 1 })

  expect(await failureOf(ask(server, { options: patient }).reply)).toMatchObject({
    code,
    retryable: true,
  })
  expect(mock.getRequests()).toHaveLength(1)
})

test('in mixed chaos every call ends in a whole answer or in a failure', async () => {
  const { mock, server } = await startMock()
  mock.setChaos({ rateLimitRate: 0.15, disconnectRate: 0.15, dropRate: 0.15, malformedRate: 0.15 })

  const ends = await Promise.all(
    Array.from({ length: 60 }, () =>
      ask(server, { options: patient }).reply.then(
        ({ text }) => text,
        (error: Error) => error.name,
      ),
    ),
  )

  expect(new Set(ends)).toEqual(new Set(['Hi there, how are you?', 'ChatFailure']))
  expect(mock.getRequests()).toHaveLength(60)
})

test.each([true, false])('a response comes with its text (stream: %s)', async (streamed) => {
  const { server } = await startMock()
  const options = { ...patient, api: 'responses' } as const

  const { pieces, reply } = ask(server, { stream: streamed, options })

  expect(await reply).toMatchObject({
    outcome: 'complete',
    text: 'Hi there, how are you?',
    responseId: expect.stringMatching(/^resp/),
  })
  expect(pieces.join('')).toBe('Hi there, how are you?')
})

test.each([true, false])('a response at its limit is truncated (stream: %s)', async (streamed) => {
  const { server } = await startMock({ response: { content: 'Hi', finishReason: 'length' } })
  const options = { ...patient, api: 'responses' } as const

  expect(await ask(server, { stream: streamed, options }).reply).toMatchObject({
    outcome: 'truncated',
    text: 'Hi',
  })
})

test('the prices of a gateway come with the answer', async () => {
  const { mock } = await startMock({
    response: {
      content: 'Hi',
      usage: { prompt_tokens: 12, completion_tokens: 1, cost: 0.000321 },
    },
  })

  const { reply } = ask({ baseUrl: `${mock.url}/api/v1` }, { options: patient })

  expect(await reply).toMatchObject({ reportedCostMicros: 321 })
})
