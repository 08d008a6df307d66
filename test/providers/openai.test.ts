import OpenAI from 'openai'
import { expect, test } from 'vitest'
import type { ProviderAbilities } from '../../src/contracts/provider-profile.ts'
import { assertNoRetries } from '../../src/providers/openai.ts'
import { profiles } from '../../src/providers/profiles.ts'
import { ask, question } from './calls.ts'
import { delta, finish, say, startFaultServer, stream, streamBytes, usage } from './fault-server.ts'

const whole = (choice: object, more: object = {}) => ({
  id: 'chatcmpl-1',
  model: 'gpt-test-2026',
  choices: [choice],
  usage: { prompt_tokens: 12, completion_tokens: 3 },
  ...more,
})

const said = { message: { role: 'assistant', content: 'Hi there' }, finish_reason: 'stop' }

test('a streamed answer comes in pieces and is complete', async () => {
  const server = await startFaultServer(
    stream([delta(''), delta('Hi '), delta('there'), finish('stop'), usage]),
  )

  const { pieces, reply } = ask(server)

  expect(await reply).toEqual({
    outcome: 'complete',
    text: 'Hi there',
    refusal: null,
    model: 'gpt-test-2026',
    finishReason: 'stop',
    usage: { inputTokens: 12, outputTokens: 3 },
    requestId: 'req_1',
    responseId: null,
    serviceTier: null,
    reportedCostMicros: null,
    ttftMs: expect.any(Number),
  })
  expect(pieces).toEqual(['Hi ', 'there'])
  expect(server.requests).toEqual([
    {
      method: 'POST',
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
  const server = await startFaultServer(say(200, whole(said)))
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

test.each<[string, Partial<ProviderAbilities>, unknown]>([
  [
    'json_object',
    { jsonSchema: false },
    { type: 'json_object', schema: { type: 'object', properties: {} } },
  ],
  ['words', { jsonSchema: false, jsonObject: false }, undefined],
])('a server that takes no json_schema is told the form by %s', async (_name, lacks, form) => {
  const server = await startFaultServer(say(200, whole(said)))
  const schema = { type: 'object' as const, properties: {} }
  const supports = { ...profiles.openai.supports, ...lacks }

  await ask(server, { stream: false, schema, options: { supports } }).reply

  expect(server.requests[0]?.body).toMatchObject({
    messages: [
      { role: 'system', content: expect.stringContaining(JSON.stringify(schema)) },
      ...question.messages,
    ],
  })
  expect(Object(server.requests[0]?.body)['response_format']).toEqual(form)
})

test('a server is asked for nothing that its profile says it does not know', async () => {
  const server = await startFaultServer(stream([delta('Hi'), finish('stop')]))
  const supports = { ...profiles.openai.supports, streamUsage: false }

  await ask(server, { options: { maxTokensField: 'max_tokens', supports } }).reply

  expect(server.requests[0]?.body).toEqual({
    model: 'gpt-test',
    messages: question.messages,
    max_tokens: 50,
    stream: true,
  })
})

test('effort, kind of service and a missing key reach the provider', async () => {
  const server = await startFaultServer(stream([delta('Hi'), finish('stop')]))
  const wishes = { reasoningEffort: 'low', serviceTier: 'flex' }

  await ask(server, { ...wishes, options: { apiKey: '' } }).reply

  expect(server.requests[0]?.body).toMatchObject({ reasoning_effort: 'low', service_tier: 'flex' })
  expect(server.requests[0]?.authorization).toBe('Bearer none')
})

test('an answer says everything that its price depends on', async () => {
  const counted = {
    usage: {
      prompt_tokens: 100,
      completion_tokens: 40,
      prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
      completion_tokens_details: { reasoning_tokens: 25 },
      cost: 0.001234,
    },
    service_tier: 'flex',
  }
  const expected = {
    usage: {
      inputTokens: 100,
      outputTokens: 40,
      cachedInputTokens: 60,
      cacheWriteTokens: 10,
      reasoningTokens: 25,
    },
    serviceTier: 'flex',
    reportedCostMicros: 1_234,
    responseId: 'chatcmpl-1',
  }
  const inOne = await startFaultServer(say(200, whole(said, counted)))
  const streamed = await startFaultServer(
    stream([delta('Hi'), finish('stop'), { id: 'chatcmpl-1', choices: [], ...counted }]),
  )

  expect(await ask(inOne, { stream: false }).reply).toMatchObject(expected)
  expect(await ask(streamed).reply).toMatchObject(expected)
})

test.each([
  ['a text', '12'],
  ['no object', 7],
  ['half of it', { prompt_tokens: 12 }],
  ['less than nothing', { prompt_tokens: -1, completion_tokens: 3 }],
  ['half a token', { prompt_tokens: 1.5, completion_tokens: 3 }],
])('usage that is %s counts nothing, and the answer stands', async (_name, counts) => {
  const server = await startFaultServer(
    stream([delta('Hi'), finish('stop'), { choices: null, usage: counts }]),
  )

  expect(await ask(server).reply).toMatchObject({ text: 'Hi', usage: null })
})

test('frames of an odd shape are passed over', async () => {
  const odd = [
    {},
    { choices: 7, model: 7, id: {}, usage: null, service_tier: 1 },
    { choices: [null] },
    { choices: ['x'] },
    { choices: [{ delta: 7, finish_reason: 7 }] },
    { choices: [{ index: 1, delta: { content: 'another choice' } }] },
    { choices: [{ index: 0, delta: { content: 7, refusal: [] } }] },
    { choices: [{ index: null, delta: { content: 'Hi' } }] },
  ]
  const server = await startFaultServer(stream([...odd, finish('stop'), usage]))

  expect(await ask(server).reply).toMatchObject({ outcome: 'complete', text: 'Hi' })
})

test('text survives a stream that is cut into single bytes', async () => {
  const text = 'Grüße, 世界 👩‍💻'
  const frames = [delta(text), finish('stop'), usage, '[DONE]']
  const server = await startFaultServer(
    streamBytes(
      frames
        .map((each) => `data: ${typeof each === 'string' ? each : JSON.stringify(each)}\r\n\r\n`)
        .join(''),
    ),
  )

  const { reply } = ask(server, { options: { timeoutMs: 5_000, idleTimeoutMs: 5_000 } })

  expect(await reply).toMatchObject({ text, usage: { inputTokens: 12 } })
})

test('an answer that was cut off by its limit is an answer', async () => {
  const server = await startFaultServer(stream([delta('Hi'), finish('length'), usage]))

  expect(await ask(server).reply).toMatchObject({
    outcome: 'truncated',
    text: 'Hi',
    finishReason: 'length',
  })
})

test('a refusal is an answer, and says what it cost', async () => {
  const refusal = 'I will not.'
  const streamed = await startFaultServer(
    stream([{ choices: [{ index: 0, delta: { refusal } }] }, finish('stop'), usage]),
  )
  const inOne = await startFaultServer(
    say(200, whole({ message: { content: null, refusal }, finish_reason: 'stop' })),
  )
  const expected = { outcome: 'refused', refusal, text: '', usage: { inputTokens: 12 } }

  expect(await ask(streamed).reply).toMatchObject(expected)
  expect(await ask(inOne, { stream: false }).reply).toMatchObject(expected)
})

test('what the headers say about limits is heard, with an answer and with a refusal', async () => {
  const headers = { 'x-ratelimit-limit-requests': '500', 'x-ratelimit-remaining-requests': '499' }
  const answering = await startFaultServer(say(200, whole(said), headers))
  const refusing = await startFaultServer(say(429, {}, { 'retry-after': '7', ...headers }))
  const silent = await startFaultServer(say(200, whole(said)))

  const answered = ask(answering, { stream: false })
  await answered.reply
  const refused = ask(refusing)
  await refused.reply.catch(() => undefined)
  const unlimited = ask(silent, { stream: false })
  await unlimited.reply

  expect(answered.rates).toMatchObject([{ limits: { rpm: 500 }, remaining: { requests: 499 } }])
  expect(refused.rates).toMatchObject([{ limits: { rpm: 500 }, retryAfterMs: 7_000 }])
  expect(unlimited.rates).toEqual([])
})

test.each(['0', Number.NaN, -1, 1.5, null, undefined, 2])(
  'a client that makes something else of maxRetries %s is refused',
  (maxRetries) => {
    const client = new OpenAI({
      apiKey: 'sk-test',
      ...Object.fromEntries([['maxRetries', maxRetries]]),
    })

    expect(() => assertNoRetries(client)).toThrow('without retries, received maxRetries 2')
    expect(() => assertNoRetries({ maxRetries })).toThrow('without retries')
  },
)

test('a client without retries is taken', () => {
  expect(() => assertNoRetries(new OpenAI({ apiKey: 'sk-test', maxRetries: 0 }))).not.toThrow()
})
