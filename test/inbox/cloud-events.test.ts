import { expect, test } from 'vitest'
import { readCloudEvents } from '../../src/inbox/cloud-events.ts'

const RECEIVED_AT = '2026-11-21T10:00:00.000Z'
const event = { specversion: '1.0', id: '7', source: '/reviews', type: 'review.submitted' }

function read(body: unknown, headers: Record<string, string> = {}) {
  const bytes = body instanceof Uint8Array ? body : new TextEncoder().encode(textOf(body))
  return readCloudEvents({
    tenant: 'default',
    source: 'internal',
    url: 'http://localhost/api/events',
    headers: { 'content-type': 'application/json', ...headers },
    body: bytes,
    receivedAt: RECEIVED_AT,
  })
}

const textOf = (body: unknown): string => (typeof body === 'string' ? body : JSON.stringify(body))

const structured = (body: unknown) => read(body, { 'content-type': 'application/cloudevents+json' })
const batch = (body: unknown) =>
  read(body, { 'content-type': 'application/cloudevents-batch+json' })

function only(reading: ReturnType<typeof read>) {
  if (reading.outcome !== 'read') throw new Error(JSON.stringify(reading))
  const [first] = reading.events
  if (first === undefined || reading.events.length > 1) throw new Error('Expected one event.')
  return { ...first, body: new TextDecoder().decode(first.body) }
}

function faults(reading: ReturnType<typeof read>): string[] {
  return reading.outcome === 'invalid_request'
    ? reading.issues.map(({ path }) => path.map(String).join('.'))
    : [reading.outcome]
}

test('a structured event is read with its source and id as the key', () => {
  const received = only(
    structured({
      ...event,
      subject: 'acme/widgets#7',
      time: '2026-11-21T11:30:00.123456+02:00',
      traceparent: '00-a-b-01',
      onsethops: 2,
      correlationid: 'evt_1',
      causationid: 'evt_2',
      data: { verdict: 'ok' },
    }),
  )

  expect(received).toMatchObject({
    tenant: 'default',
    source: 'internal',
    key: '/reviews 7',
    type: 'review.submitted',
    subject: 'acme/widgets#7',
    time: '2026-11-21T09:30:00.123Z',
    contentType: 'application/json',
    body: '{"verdict":"ok"}',
    hops: 2,
    correlationId: 'evt_1',
    causationId: 'evt_2',
  })
  expect(received.headers).toMatchObject({ 'ce-source': '/reviews', 'ce-traceparent': '00-a-b-01' })
})

test('an event without time and data is as old as its receipt and says null', () => {
  const received = only(structured(event))

  expect(received).toMatchObject({ time: RECEIVED_AT, body: 'null', hops: 0 })
  expect(received).not.toHaveProperty('subject')
  expect(received).not.toHaveProperty('correlationId')
})

test('an attribute that is null counts as absent', () => {
  expect(only(structured({ ...event, subject: null }))).not.toHaveProperty('subject')
})

test('a binary event takes its attributes from percent-decoded headers and its data from the body', () => {
  const received = only(
    read(' {"n": 1} ', {
      'ce-specversion': '1.0',
      'ce-id': '"a \\"b\\""',
      'ce-source': '/reviews',
      'ce-type': 'review.submitted',
      'ce-subject': 'Caf%C3%A9%20%E2%82%AC%2520',
      'ce-onsethops': '3',
      authorization: 'Bearer secret',
      cookie: 'a=b',
    }),
  )

  expect(received).toMatchObject({
    key: '/reviews a "b"',
    subject: 'Café €%20',
    hops: 3,
    body: ' {"n": 1} ',
  })
  expect(received.headers).toMatchObject({ 'ce-subject': 'Caf%C3%A9%20%E2%82%AC%2520' })
  expect(received.headers).not.toHaveProperty('authorization')
  expect(received.headers).not.toHaveProperty('cookie')
})

test('a batch is read in its order', () => {
  const reading = batch([
    { ...event, id: '1', data: [1] },
    { ...event, id: '2', data: { a: [2] } },
  ])

  if (reading.outcome !== 'read') throw new Error(reading.outcome)
  expect(reading.batch).toBe(true)
  expect(reading.events.map(({ key }) => key)).toEqual(['/reviews 1', '/reviews 2'])
  expect(reading.events.map(({ body }) => new TextDecoder().decode(body))).toEqual([
    '[1]',
    '{"a":[2]}',
  ])
})

test('an empty batch is valid and brings nothing', () => {
  expect(batch([])).toEqual({ outcome: 'read', batch: true, events: [] })
})

test('the short form is completed', () => {
  const headers = { 'x-onset-hops': '1', 'x-onset-correlation-id': 'evt_1' }
  const received = only(read({ type: 'review.submitted', id: 'r-1', data: { ok: true } }, headers))

  expect(received).toMatchObject({
    source: 'internal',
    key: 'r-1',
    time: RECEIVED_AT,
    body: '{"ok":true}',
    hops: 1,
    correlationId: 'evt_1',
  })
})

test.each([
  ['the id', { id: 'r-1' }, { 'idempotency-key': 'k-1' }, 'r-1'],
  ['Idempotency-Key', {}, { 'idempotency-key': 'k-1' }, 'k-1'],
  ['Idempotency-Key as a quoted string', {}, { 'idempotency-key': '"k-1"' }, 'k-1'],
])('the key of a short event is %s', (_, body, headers, key) => {
  expect(only(read({ type: 't', ...body }, headers)).key).toBe(key)
})

test('a short event without id is a new one every time', () => {
  expect(only(read({ type: 't' })).key).not.toBe(only(read({ type: 't' })).key)
})

test('equal ids of different sources have different keys', () => {
  const keys = [
    only(structured(event)).key,
    only(structured({ ...event, source: '/other' })).key,
    only(read({ type: 't', id: '7' })).key,
  ]

  expect(new Set(keys).size).toBe(3)
})

test.each([
  ['a large number', '12345678901234567890'],
  ['a fraction', '1.10'],
  ['white space', '{ "a" : [ 1 , 2 ] }'],
  ['brackets and quotes in text', String.raw`{"a":"}\",]{[\\"}`],
  ['text', '"data"'],
  ['false', 'false'],
  ['null', 'null'],
])('%s is stored exactly as it came', (_, data) => {
  const attributes = '"specversion":"1.0","id":"7","source":"/s","type":"t"'

  expect(only(structured(`{${attributes},"data":${data}}`)).body).toBe(data)
  expect(only(structured(`{ "data" : ${data} , ${attributes} }`)).body).toBe(data)
  expect(only(read(`{"type":"t","d\\u0061ta":${data}}`)).body).toBe(data)
  expect(only(batch(`[ {${attributes},"data":${data}} ]`)).body).toBe(data)
})

test('of members with the same name the last one counts', () => {
  expect(only(read('{"type":"t","data":1,"data":2}')).body).toBe('2')
})

test('data in base64 is stored decoded', () => {
  const data = Buffer.from('{"n":1}').toString('base64')

  expect(only(structured({ ...event, data_base64: data })).body).toBe('{"n":1}')
})

test.each([
  ['no specversion', { ...event, specversion: undefined }, ['specversion']],
  ['specversion 2.0', { ...event, specversion: '2.0' }, ['specversion']],
  ['no source', { ...event, source: undefined }, ['source']],
  ['a source with a space', { ...event, source: 'a b' }, ['source']],
  ['an empty id', { ...event, id: '' }, ['id']],
  ['a number as id', { ...event, id: 7 }, ['id']],
  ['a long id', { ...event, id: 'x'.repeat(257) }, ['id']],
  ['no type', { ...event, type: undefined }, ['type']],
  ['NUL in the type', { ...event, type: 'a\0' }, ['type']],
  ['half a surrogate pair', { ...event, subject: '\ud800' }, ['subject']],
  ['an empty subject', { ...event, subject: '' }, ['subject']],
  ['a time of day', { ...event, time: '10:00' }, ['time']],
  ['February 30', { ...event, time: '2026-02-30T10:00:00Z' }, ['time']],
  ['the year 0', { ...event, time: '0001-01-01T00:00:00+14:00' }, ['time']],
  ['the year 10000', { ...event, time: '9999-12-31T23:59:59-14:00' }, ['time']],
  ['negative hops', { ...event, onsethops: -1 }, ['onsethops']],
  ['true as hops', { ...event, onsethops: true }, ['onsethops']],
  ['an upper-case extension', { ...event, Trace: 'x' }, ['']],
  ['an object as extension', { ...event, trace: {} }, ['trace']],
  ['data twice', { ...event, data: 1, data_base64: 'MQ==' }, ['']],
  ['base64 that is none', { ...event, data_base64: '!' }, ['data_base64']],
  ['base64 of no JSON', { ...event, data_base64: 'AAE=' }, ['data_base64']],
  ['a list', [event], ['']],
  ['null', null, ['']],
])('a structured event with %s is refused', (_, body, paths) => {
  expect(faults(structured(body))).toEqual(paths)
})

test.each([
  ['no type', {}, {}, ['type']],
  ['an unknown member', { type: 't', specversion: '1.0' }, {}, ['']],
  ['white space in its id', { type: 't', id: 'a b' }, {}, ['id']],
  ['hops that are no number', { type: 't' }, { 'x-onset-hops': 'two' }, ['x-onset-hops']],
  ['an empty key', { type: 't' }, { 'idempotency-key': '' }, ['idempotency-key']],
])('a short event with %s is refused', (_, body, headers, paths) => {
  expect(faults(read(body, headers))).toEqual(paths)
})

test('the faults of a batch say which event they are in', () => {
  expect(faults(batch([event, { ...event, id: '' }]))).toEqual(['1.id'])
  expect(faults(batch(event))).toEqual([''])
  expect(faults(batch(Array.from({ length: 101 }, () => event)))).toEqual([''])
})

test('a binary event without its required headers is refused', () => {
  expect(faults(read('{}', { 'ce-id': '1' }))).toEqual(['specversion', 'source', 'type'])
})

test.each([
  ['nothing', ''],
  ['half an object', '{"type":'],
  ['two values', '{} {}'],
  ['invalid UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
  ['65 levels', '['.repeat(65) + ']'.repeat(65)],
  ['half a million levels', '['.repeat(500_000) + ']'.repeat(500_000)],
])('%s is no readable JSON', (_, body) => {
  expect(read(body).outcome).toBe('invalid_json')
})

test('a member that would change the prototype is dropped', () => {
  const received = only(structured(`{"__proto__":"x",${JSON.stringify(event).slice(1)}`))

  expect(Object.keys(received.headers)).not.toContain('ce-__proto__')
})

test('64 levels of data are read', () => {
  const data = '['.repeat(63) + ']'.repeat(63)

  expect(only(read(`{"type":"t","data":${data}}`)).body).toBe(data)
})

test.each([
  '',
  'text/plain',
  'application/xml',
  'application/cloudevents',
  'application/cloudevents+xml',
  'application/x-www-form-urlencoded',
])("the media type '%s' is not supported", (mediaType) => {
  expect(read(event, { 'content-type': mediaType }).outcome).toBe('unsupported_media_type')
})

test('the media type is read without regard to case and parameters', () => {
  const contentType = 'Application/CloudEvents+JSON; charset=utf-8'

  expect(read(event, { 'content-type': contentType }).outcome).toBe('read')
})
