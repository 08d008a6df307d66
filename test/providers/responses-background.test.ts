import { expect, test } from 'vitest'
import { ask, failureOf } from './calls.ts'
import { type Behaviour, inTurn, say, startFaultServer, stream } from './fault-server.ts'

const options = { api: 'responses', timeoutMs: 1_000 } as const

const standing = (status: string, more: object = {}) => ({
  id: 'resp_1',
  model: 'gpt-test-2026',
  status,
  output: [],
  ...more,
})

const queued = standing('queued')

const finished = standing('completed', {
  output: [{ type: 'message', content: [{ type: 'output_text', text: 'Hi there' }] }],
  usage: { input_tokens: 12, output_tokens: 3 },
})

const created = { type: 'response.created', sequence_number: 0, response: queued }
const delta = (sequence_number: number, text: string) => ({
  type: 'response.output_text.delta',
  sequence_number,
  delta: text,
})
const completed = { type: 'response.completed', sequence_number: 9, response: finished }

const expected = {
  outcome: 'complete',
  text: 'Hi there',
  usage: { inputTokens: 12, outputTokens: 3 },
  responseId: 'resp_1',
}

const sent = ({
  requests,
}: {
  requests: { method: string | undefined; url: string | undefined }[]
}) => requests.map(({ method, url }) => `${method} ${url}`)

const CREATE = 'POST /v1/responses'
const LOOK = 'GET /v1/responses/resp_1'

test('an answer in the background is made once and looked for until it is there', async () => {
  const server = await startFaultServer(
    inTurn(say(200, queued), say(200, standing('in_progress')), say(200, finished)),
  )

  const { ids, pieces, reply } = ask(server, { options, background: true, stream: false })

  expect(await reply).toMatchObject(expected)
  expect(ids).toEqual(['resp_1'])
  expect(pieces).toEqual(['Hi there'])
  expect(sent(server)).toEqual([CREATE, LOOK, LOOK])
  expect(server.requests[0]?.body).toMatchObject({ background: true, store: true })
})

test('a stream in the background that breaks is read on from where it broke', async () => {
  const server = await startFaultServer(
    inTurn(
      stream([created, delta(1, 'Hi ')], 'cut'),
      // As a server does that disregards where it is to begin.
      stream([created, delta(1, 'Hi '), delta(2, 'there'), completed]),
    ),
  )

  const { ids, pieces, reply } = ask(server, { options, background: true })

  expect(await reply).toMatchObject(expected)
  expect(ids).toEqual(['resp_1'])
  expect(pieces).toEqual(['Hi ', 'there'])
  expect(sent(server)).toEqual([CREATE, `${LOOK}?stream=true&starting_after=1`])
})

test('where streams bring nothing more, the answer is looked for', async () => {
  const server = await startFaultServer(
    inTurn(
      stream([created, delta(1, 'Hi ')], 'hang'),
      say(400, { error: { message: 'No stream.' } }),
      say(200, finished),
    ),
  )

  const { pieces, reply } = ask(server, { options, background: true })

  expect(await reply).toMatchObject(expected)
  expect(pieces).toEqual(['Hi ', 'there'])
  expect(sent(server)).toEqual([CREATE, `${LOOK}?stream=true&starting_after=1`, LOOK])
})

test.each([
  ['streamed', true, [`${LOOK}?stream=true`]],
  ['in one piece', false, [LOOK]],
])('an attempt that resumes asks for nothing anew: %s', async (_name, streamed, requests) => {
  const server = await startFaultServer(
    streamed ? stream([created, delta(1, 'Hi there'), completed]) : say(200, finished),
  )

  const { ids, pieces, reply } = ask(server, {
    options,
    stream: streamed,
    watch: { resume: 'resp_1' },
  })

  expect(await reply).toMatchObject(expected)
  expect(pieces).toEqual(['Hi there'])
  expect(ids).toEqual([])
  expect(sent(server)).toEqual(requests)
})

test('looks that fail now and then do not matter', async () => {
  const server = await startFaultServer(
    inTurn(
      say(200, queued),
      (response) => response.destroy(),
      say(502, '<p>No.</p>'),
      () => undefined,
      say(200, finished),
    ),
  )

  expect(await ask(server, { options, background: true, stream: false }).reply).toMatchObject(
    expected,
  )
})

test.each<[string, Behaviour, string, boolean]>([
  ['cannot be asked', say(500, 'No.'), 'LLM.Server', true],
  ['refuses the key', say(401, { error: 'No.' }), 'LLM.Auth', false],
])(
  'where the provider %s, the failure says what to resume',
  async (_name, look, code, retryable) => {
    const server = await startFaultServer(inTurn(say(200, queued), look))

    const failure = await failureOf(ask(server, { options, background: true, stream: false }).reply)

    expect(failure).toMatchObject({ code, retryable, responseId: 'resp_1' })
  },
)

test.each([
  ['failed', standing('failed', { error: { code: 'server_error', message: 'No.' } })],
  ['was cancelled', standing('cancelled')],
])('a response that %s is not resumed', async (_name, end) => {
  const server = await startFaultServer(inTurn(say(200, queued), say(200, end)))

  const failure = await failureOf(ask(server, { options, background: true, stream: false }).reply)

  expect(failure).toMatchObject({ retryable: true, responseId: undefined })
  expect(server.requests).toHaveLength(2)
})

test('a response that the provider no longer knows is made anew by the next attempt', async () => {
  const server = await startFaultServer(say(404, { error: { code: 'not_found' } }))

  const { reply } = ask(server, { options, stream: false, watch: { resume: 'resp_1' } })

  expect(await failureOf(reply)).toMatchObject({
    code: 'LLM.StreamInterrupted',
    retryable: true,
    responseId: undefined,
  })
})

test.each([
  ['ends it at the provider', undefined, [CREATE, LOOK, `${CREATE}/resp_1/cancel`]],
  ['leaves it to the next attempt where there is one', () => false, [CREATE, LOOK]],
])('an abort %s', async (_name, givesUp, requests) => {
  const controller = new AbortController()
  const reason = new Error('The run was cancelled.')
  const server = await startFaultServer(
    inTurn(say(200, queued), () => controller.abort(reason), say(200, standing('cancelled'))),
  )

  const { reply } = ask(server, {
    options,
    background: true,
    stream: false,
    watch: { signal: controller.signal, ...(givesUp && { givesUp }) },
  })

  await expect(reply).rejects.toBe(reason)
  expect(sent(server)).toEqual(requests)
})

test('a provider without a background answers in the foreground', async () => {
  const server = await startFaultServer(say(200, finished))
  const supports = {
    jsonSchema: true,
    jsonObject: true,
    strictTools: true,
    streamUsage: true,
    developerRole: true,
    background: false,
  }

  await ask(server, { options: { ...options, supports }, background: true, stream: false }).reply

  expect(server.requests[0]?.body).not.toHaveProperty('background')
  expect(server.requests[0]?.body).toMatchObject({ store: false })
})
