import { expect, test } from 'vitest'
import { ask, failureOf } from './calls.ts'
import { type Behaviour, say, startFaultServer, stream } from './fault-server.ts'

const options = { api: 'responses' } as const

const counted = {
  input_tokens: 100,
  output_tokens: 40,
  input_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
  output_tokens_details: { reasoning_tokens: 25 },
}

const response = (more: object) => ({
  id: 'resp_1',
  object: 'response',
  model: 'gpt-test-2026',
  status: 'completed',
  service_tier: 'flex',
  output: [],
  ...more,
})

const message = (...content: object[]) => ({ type: 'message', role: 'assistant', content })

const finished = response({
  output: [
    { type: 'reasoning', summary: [] },
    message({ type: 'output_text', text: 'Hi ' }, { type: 'output_text', text: 'there' }),
  ],
  usage: counted,
})

const delta = (text: string) => ({ type: 'response.output_text.delta', delta: text })

const created = {
  type: 'response.created',
  response: response({ status: 'in_progress', usage: null }),
}

const expected = {
  outcome: 'complete',
  text: 'Hi there',
  refusal: null,
  model: 'gpt-test-2026',
  finishReason: 'stop',
  usage: {
    inputTokens: 100,
    outputTokens: 40,
    cachedInputTokens: 60,
    cacheWriteTokens: 10,
    reasoningTokens: 25,
  },
  responseId: 'resp_1',
  serviceTier: 'flex',
  reportedCostMicros: null,
}

test('a streamed response comes in pieces and is complete', async () => {
  const server = await startFaultServer(
    stream(
      [created, delta('Hi '), delta('there'), { type: 'response.completed', response: finished }],
      'close',
    ),
  )

  const { pieces, reply } = ask(server, { options })

  expect(await reply).toEqual({ ...expected, requestId: 'req_1', ttftMs: expect.any(Number) })
  expect(pieces).toEqual(['Hi ', 'there'])
})

test('a response in one piece is the same', async () => {
  const server = await startFaultServer(say(200, finished))

  const { pieces, reply } = ask(server, { options, stream: false })

  expect(await reply).toEqual({ ...expected, requestId: null, ttftMs: null })
  expect(pieces).toEqual(['Hi there'])
})

test('a question is put in the words of Responses', async () => {
  const server = await startFaultServer(say(200, finished))
  const schema = { type: 'object' as const, properties: {} }
  const messages = [
    { role: 'system' as const, content: 'You triage.' },
    { role: 'system' as const, content: 'Be brief.' },
    { role: 'user' as const, content: 'Hello?' },
    { role: 'assistant' as const, content: 'Yes?' },
    { role: 'user' as const, content: 'Help.' },
  ]
  const wishes = { temperature: 0, reasoningEffort: 'low', serviceTier: 'flex' }

  await ask(server, { options, stream: false, messages, schema, ...wishes }).reply

  expect(server.requests).toMatchObject([{ method: 'POST', url: '/v1/responses' }])
  expect(server.requests[0]?.body).toEqual({
    model: 'gpt-test',
    instructions: 'You triage.\n\nBe brief.',
    input: messages.slice(2),
    max_output_tokens: 50,
    temperature: 0,
    reasoning: { effort: 'low' },
    service_tier: 'flex',
    text: { format: { type: 'json_schema', name: 'greeting', strict: true, schema } },
    stream: false,
    store: false,
  })
})

test.each([
  ['in one piece', false],
  ['streamed', true],
])('a response that its limit cut off is an answer, %s', async (_name, streamed) => {
  const cut = response({
    status: 'incomplete',
    incomplete_details: { reason: 'max_output_tokens' },
    output: [message({ type: 'output_text', text: 'Hi' })],
    usage: counted,
  })
  const event = { type: 'response.incomplete', response: cut }
  const server = await startFaultServer(streamed ? stream([created, event]) : say(200, cut))

  expect(await ask(server, { options, stream: streamed }).reply).toMatchObject({
    outcome: 'truncated',
    text: 'Hi',
    finishReason: 'length',
    usage: { inputTokens: 100 },
  })
})

test('a refusal is an answer', async () => {
  const refused = response({
    output: [message({ type: 'refusal', refusal: 'I will not.' })],
    usage: counted,
  })
  const server = await startFaultServer(say(200, refused))

  expect(await ask(server, { options, stream: false }).reply).toMatchObject({
    outcome: 'refused',
    refusal: 'I will not.',
  })
})

type Fault = [name: string, behave: Behaviour, code: string, retryable: boolean]

const failed = (code: string) =>
  response({ status: 'failed', error: { code, message: 'No.' }, usage: counted })

const ended = (reason: string) =>
  response({ status: 'incomplete', incomplete_details: { reason }, usage: counted })

const whole: Fault[] = [
  ['a server error', say(200, failed('server_error')), 'StreamError', true],
  ['a limit', say(200, failed('rate_limit_exceeded')), 'RateLimited', true],
  ['a forbidden question', say(200, failed('invalid_prompt')), 'ContentFilter', false],
  ['a filtered answer', say(200, ended('content_filter')), 'ContentFilter', false],
  ['an end without a known reason', say(200, ended('tired')), 'StreamInterrupted', true],
  ['a cancelled response', say(200, response({ status: 'cancelled' })), 'StreamInterrupted', true],
  ['one that goes on', say(200, response({ status: 'in_progress' })), 'StreamInterrupted', true],
  ['no output', say(200, { id: 'resp_1', status: 'completed' }), 'BadGateway', true],
  ['a page', say(200, '<p>Hi</p>'), 'BadGateway', true],
  ['a status', say(429, { error: { code: 'insufficient_quota' } }), 'BillingExhausted', false],
]

const streamed: Fault[] = [
  [
    'a failure',
    stream([created, { type: 'response.failed', response: failed('server_error') }]),
    'StreamError',
    true,
  ],
  [
    'an error event',
    stream([created, { type: 'error', code: 'rate_limit_exceeded', message: 'No.' }]),
    'RateLimited',
    true,
  ],
  ['an early end', stream([created, delta('Hi')]), 'StreamInterrupted', true],
  ['a cut', stream([created, delta('Hi')], 'cut'), 'StreamInterrupted', true],
  ['a stall', stream([created, delta('Hi')], 'hang'), 'Timeout', true],
  ['JSON for a stream', say(200, finished), 'BadGateway', true],
]

test.each(whole)(
  'in one piece, %s is one request and a failure',
  async (_name, behave, code, retryable) => {
    const server = await startFaultServer(behave)

    const failure = await failureOf(ask(server, { options, stream: false }).reply)

    expect(failure).toMatchObject({ code: `LLM.${code}`, retryable, responseId: undefined })
    expect(server.requests).toHaveLength(1)
  },
)

test.each(streamed)(
  'streamed, %s is one request and a failure',
  async (_name, behave, code, retryable) => {
    const server = await startFaultServer(behave)

    const failure = await failureOf(ask(server, { options }).reply)

    expect(failure).toMatchObject({ code: `LLM.${code}`, retryable, responseId: undefined })
    expect(server.requests).toHaveLength(1)
  },
)

test('a failed response says what it cost', async () => {
  const server = await startFaultServer(say(200, failed('rate_limit_exceeded')))

  expect(await failureOf(ask(server, { options, stream: false }).reply)).toMatchObject({
    usage: expected.usage,
    serviceTier: 'flex',
  })
})
