import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
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

const whole = (finish_reason: string | null) => ({
  model: 'gpt-test-2026',
  choices: [{ message: { role: 'assistant', content: 'Hi there' }, finish_reason }],
  usage: { prompt_tokens: 12, completion_tokens: 3 },
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
  ['200 with nothing', say(200, ''), 'BadGateway', true],
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
  ['an error that is the frame', stream([{ object: 'error', code: 500 }]), 'StreamError', true],
  ['an end by an error', stream([delta('Hi'), finish('error')]), 'StreamError', true],
  ['a filter in a frame', stream([delta('Hi'), error('content_filter')]), 'ContentFilter', false],
  ['billing in a frame', stream([error('insufficient_quota')]), 'BillingExhausted', false],
  ['a filtered end', stream([delta('Hi'), finish('content_filter')]), 'ContentFilter', false],
]

const wholeFaults: Fault[] = [
  [
    'an answer that is cut',
    say(200, '{"cho', { 'content-type': 'application/json' }),
    'StreamInterrupted',
    true,
  ],
  ['an answer without choices', say(200, { id: 1 }), 'BadGateway', true],
  ['choices that are no list', say(200, { choices: 'Hi' }), 'BadGateway', true],
  ['no choice', say(200, { choices: [] }), 'StreamInterrupted', true],
  ['no finish reason', say(200, whole(null)), 'StreamInterrupted', true],
  ['a filtered answer', say(200, whole('content_filter')), 'ContentFilter', false],
]

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

test.each([
  ['a filter', [delta('Hi'), finish('content_filter'), usage]],
  ['an error after it', [delta('Hi'), finish('stop'), usage, error('server_error')]],
  ['a broken frame after it', [delta('Hi'), usage, '{"choi']],
])('usage is told in spite of %s', async (_name, frames) => {
  const server = await startFaultServer(stream(frames))

  expect(await failureOf(ask(server).reply)).toMatchObject({
    usage: { inputTokens: 12, outputTokens: 3 },
    partialText: 'Hi',
    mayBePaid: true,
    requestId: 'req_1',
  })
})

test.each<[string, Behaviour, { mayBePaid: boolean; partialText: string | undefined }]>([
  ['a cut', stream([delta('Hi')], 'cut'), { mayBePaid: true, partialText: 'Hi' }],
  ['a stall', stream([delta('Hi')], 'hang'), { mayBePaid: true, partialText: 'Hi' }],
  ['silence', () => undefined, { mayBePaid: true, partialText: undefined }],
  [
    'a limit after some text',
    stream([delta('Hi'), error('rate_limit_exceeded')]),
    { mayBePaid: true, partialText: 'Hi' },
  ],
  [
    'a reset connection',
    (response) => response.destroy(),
    { mayBePaid: true, partialText: undefined },
  ],
  ['a status', say(500, error('oops')), { mayBePaid: false, partialText: undefined }],
  ['200 with a page', say(200, '<p>Hi</p>'), { mayBePaid: false, partialText: undefined }],
])('%s says whether it may have to be paid, and for how much text', async (_name, behave, paid) => {
  const server = await startFaultServer(behave)

  expect(await failureOf(ask(server).reply)).toMatchObject(paid)
})

test('a host that cannot be reached is worth another attempt, and costs nothing', async () => {
  const server = { baseUrl: `http://127.0.0.1:${await closedPort()}/v1` }

  expect(await failureOf(ask(server).reply)).toMatchObject({
    code: 'LLM.Connection',
    retryable: true,
    mayBePaid: false,
    message: expect.stringContaining('ECONNREFUSED'),
  })
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
