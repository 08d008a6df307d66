import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import type { ChatFailure, ChatRequest } from '../../src/providers/chat.ts'
import { assertNoRetries, createOpenAi, type SchemaMode } from '../../src/providers/openai.ts'
import {
  type Behaviour,
  delta,
  type FaultServer,
  finish,
  say,
  startFaultServer,
  stream,
  usage,
} from './fault-server.ts'

const question: ChatRequest = {
  prompt: 'greeting',
  model: 'gpt-test',
  messages: [{ role: 'user', content: 'Hello?' }],
  maxOutputTokens: 50,
  stream: true,
}

const whole = (finish_reason: string | null, content = 'Hi there') => ({
  model: 'gpt-test-2026',
  choices: [{ message: { role: 'assistant', content }, finish_reason }],
  usage: { prompt_tokens: 12, completion_tokens: 3 },
})

const provider = ({ baseUrl }: FaultServer, schemaMode?: SchemaMode) =>
  createOpenAi({
    apiKey: 'sk-test',
    baseUrl,
    timeoutMs: 2_000,
    idleTimeoutMs: 1_000,
    ...(schemaMode && { schemaMode }),
  })

function ask(server: FaultServer, request: Partial<ChatRequest> = {}) {
  const pieces: string[] = []
  const onText = (text: string): void => void pieces.push(text)
  const { signal } = new AbortController()
  return { pieces, reply: provider(server).chat({ ...question, ...request }, { signal, onText }) }
}

test('a streamed answer comes in pieces and is complete', async () => {
  const server = await startFaultServer(
    stream([delta(''), delta('Hi '), delta('there'), finish('stop'), usage]),
  )

  const { pieces, reply } = ask(server)

  expect(await reply).toEqual({
    text: 'Hi there',
    model: 'gpt-test-2026',
    finishReason: 'stop',
    usage: { inputTokens: 12, outputTokens: 3 },
    requestId: 'req_1',
    ttftMs: expect.any(Number),
  })
  expect(pieces).toEqual(['Hi ', 'there'])
  expect(server.requests).toEqual([
    {
      url: '/v1/chat/completions',
      authorization: 'Bearer sk-test',
      body: {
        model: 'gpt-test',
        messages: question.messages,
        max_completion_tokens: 50,
        stream: true,
        stream_options: { include_usage: true },
      },
    },
  ])
})

test('an answer in one piece is asked for with its schema', async () => {
  const server = await startFaultServer(say(200, whole('stop')))
  const schema = { type: 'object' as const, properties: {} }

  const { pieces, reply } = ask(server, { stream: false, schema, temperature: 0 })

  expect(await reply).toMatchObject({ text: 'Hi there', finishReason: 'stop', ttftMs: null })
  expect(pieces).toEqual(['Hi there'])
  expect(server.requests[0]?.body).toMatchObject({
    temperature: 0,
    stream: false,
    response_format: {
      type: 'json_schema',
      json_schema: { name: 'greeting', strict: true, schema },
    },
  })
})

test.each<[SchemaMode, unknown]>([
  ['json_object', { type: 'json_object', schema: { type: 'object', properties: {} } }],
  ['prompt', undefined],
])('a server that takes no json_schema is told the form by %s', async (mode, form) => {
  const server = await startFaultServer(say(200, whole('stop')))
  const schema = { type: 'object' as const, properties: {} }
  const { signal } = new AbortController()

  const request = { ...question, stream: false, schema }
  await provider(server, mode).chat(request, { signal, onText: () => undefined })

  expect(server.requests[0]?.body).toMatchObject({
    messages: [
      { role: 'system', content: expect.stringContaining(JSON.stringify(schema)) },
      ...question.messages,
    ],
  })
  expect(Object(server.requests[0]?.body)['response_format']).toEqual(form)
})

test('a server that knows only max_tokens is told the limit by that', async () => {
  const server = await startFaultServer(stream([delta('Hi'), finish('stop')]))
  const { baseUrl } = server
  const options = { apiKey: 'sk-test', baseUrl, timeoutMs: 2_000, idleTimeoutMs: 1_000 }
  const { signal } = new AbortController()

  const old = createOpenAi({ ...options, maxTokensField: 'max_tokens' })
  await old.chat(question, { signal, onText: () => undefined })

  expect(server.requests[0]?.body).toMatchObject({ max_tokens: 50 })
  expect(server.requests[0]?.body).not.toHaveProperty('max_completion_tokens')
})

test('an answer that was cut off by its limit is an answer', async () => {
  const server = await startFaultServer(stream([delta('Hi'), finish('length'), usage]))

  expect(await ask(server).reply).toMatchObject({ text: 'Hi', finishReason: 'length' })
})

type Fault = [name: string, behave: Behaviour, code: string, retryable: boolean]

const error = (code: string | number, message = 'No.') => ({ error: { code, message } })

const faults: Fault[] = [
  ['a refused key', say(401, error('invalid_api_key')), 'Auth', false],
  ['a rate limit', say(429, error('rate_limit_exceeded')), 'RateLimited', true],
  ['an empty account', say(429, error('insufficient_quota')), 'BillingExhausted', false],
  ['a payment due', say(402, { detail: 'pay' }), 'BillingExhausted', false],
  ['a server error', say(500, error('oops')), 'Server', true],
  ['a page of a proxy', say(502, '<html><h1>Bad gateway</h1></html>'), 'Server', true],
  ['an overload', say(529, { error: { type: 'overloaded_error' } }), 'Overloaded', true],
  ['an unknown model', say(404, error('model_not_found')), 'ModelNotFound', false],
  [
    'a question that is too long',
    say(400, error('x', 'maximum context length')),
    'ContextLength',
    false,
  ],
  ['a refusal in the manner of FastAPI', say(422, { detail: 'bad' }), 'BadRequest', false],
  ['an error that is only text', say(400, { error: 'bad' }), 'BadRequest', false],
  ['200 with a page', say(200, '<html>Hi</html>'), 'BadGateway', true],
  ['200 with an error', say(200, error('oops')), 'BadGateway', true],
  ['200 with an error that is a status', say(200, error(429)), 'RateLimited', true],
  ['200 with a billing error', say(200, error('insufficient_quota')), 'BillingExhausted', false],
  ['a connection that is reset', (response) => response.destroy(), 'Connection', true],
  ['silence', () => undefined, 'Timeout', true],
]

const streamFaults: Fault[] = [
  ['JSON for a stream', say(200, whole('stop')), 'BadGateway', true],
  ['an empty stream', stream([], 'close'), 'StreamInterrupted', true],
  ['no finish reason', stream([delta('Hi')], 'close'), 'StreamInterrupted', true],
  ['no finish reason before the end', stream([delta('Hi')]), 'StreamInterrupted', true],
  ['a stream that is cut', stream([delta('Hi')], 'cut'), 'StreamInterrupted', true],
  ['a broken frame', stream([delta('Hi'), '{"choi']), 'StreamInterrupted', true],
  ['a frame that is no object', stream(['7']), 'StreamInterrupted', true],
  ['a stall', stream([delta('Hi')], 'hang'), 'Timeout', true],
  ['a stream without text', stream([delta('')], 'hang'), 'Timeout', true],
  ['a rate limit in a frame', stream([error('rate_limit_exceeded')]), 'RateLimited', true],
  ['a status in a frame', stream([delta('Hi'), error(502)]), 'StreamError', true],
  ['a server error in a frame', stream([delta('Hi'), error('server_error')]), 'StreamError', true],
  ['a filter in a frame', stream([delta('Hi'), error('content_filter')]), 'ContentFilter', false],
  ['billing in a frame', stream([error('insufficient_quota')]), 'BillingExhausted', false],
  ['a filtered end', stream([delta('Hi'), finish('content_filter')]), 'ContentFilter', false],
  [
    'a refusal',
    stream([{ choices: [{ index: 0, delta: { refusal: 'I will not.' } }] }, finish('stop')]),
    'ContentFilter',
    false,
  ],
]

const wholeFaults: Fault[] = [
  [
    'an answer that is cut',
    say(200, '{"cho', { 'content-type': 'application/json' }),
    'StreamInterrupted',
    true,
  ],
  ['an answer without choices', say(200, { id: 1 }), 'BadGateway', true],
  ['no finish reason', say(200, whole(null)), 'StreamInterrupted', true],
  ['a filtered answer', say(200, whole('content_filter')), 'ContentFilter', false],
]

const failureOf = (reply: Promise<unknown>): Promise<ChatFailure> =>
  reply.then(
    () => Promise.reject(new Error('Expected a failure.')),
    (failure: ChatFailure) => failure,
  )

test.each([...faults, ...streamFaults])(
  'streaming, %s is one request',
  async (_name, behave, code, retryable) => {
    const server = await startFaultServer(behave)

    const failure = await failureOf(ask(server).reply)

    expect(failure).toMatchObject({ name: 'ChatFailure', code: `LLM.${code}`, retryable })
    expect(server.requests).toHaveLength(1)
  },
)

test.each([...faults, ...wholeFaults])(
  'in one piece, %s is one request',
  async (_name, behave, code, retryable) => {
    const server = await startFaultServer(behave)

    const failure = await failureOf(ask(server, { stream: false }).reply)

    expect(failure).toMatchObject({ name: 'ChatFailure', code: `LLM.${code}`, retryable })
    expect(server.requests).toHaveLength(1)
  },
)

test('a failure tells the operator what happened, and when to come back', async () => {
  const headers = { 'retry-after': '7', 'x-request-id': 'req_9' }
  const limited = await startFaultServer(say(429, error('rate', 'Too many.'), headers))
  const refused = await startFaultServer(
    say(401, error('k', `Wrong key: sk-abc${'x'.repeat(900)}`)),
  )

  expect(await failureOf(ask(limited).reply)).toMatchObject({
    message: 'The provider limits the rate of calls (429): Too many.',
    status: 429,
    requestId: 'req_9',
    retryAfterMs: 7_000,
  })
  expect(await failureOf(ask(refused).reply)).toMatchObject({
    message: 'The provider refused the API key (401): Wrong key: sk-…',
  })
})

test('a filtered answer says what it cost', async () => {
  const server = await startFaultServer(stream([delta('Hi'), finish('content_filter'), usage]))

  expect(await failureOf(ask(server).reply)).toMatchObject({
    usage: { inputTokens: 12, outputTokens: 3 },
  })
})

test.each([true, false])('a cancelled call is no failure (stream: %s)', async (streamed) => {
  const server = await startFaultServer(stream([delta('Hi')], 'hang'))
  const controller = new AbortController()
  const reason = new Error('The run was cancelled.')

  const reply = provider(server).chat(
    { ...question, stream: streamed },
    { signal: controller.signal, onText: () => controller.abort(reason) },
  )
  if (!streamed) setTimeout(() => controller.abort(reason), 50)

  await expect(reply).rejects.toBe(reason)
})

test('a host that cannot be reached is worth another attempt', async () => {
  const server = { baseUrl: `http://127.0.0.1:${await closedPort()}/v1`, requests: [] }

  expect(await failureOf(ask(server).reply)).toMatchObject({
    code: 'LLM.Connection',
    retryable: true,
    message: expect.stringContaining('ECONNREFUSED'),
  })
})

test('a client with retries of its own is refused', () => {
  expect(() => assertNoRetries({ maxRetries: 2 })).toThrow('maxRetries 2')
  expect(() => assertNoRetries({ maxRetries: '0' })).toThrow('maxRetries 0')
  expect(() => assertNoRetries({ maxRetries: 0 })).not.toThrow()
})

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return address !== null && typeof address === 'object' ? address.port : 0
}
