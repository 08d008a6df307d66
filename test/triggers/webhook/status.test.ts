import { afterEach, expect, test } from 'vitest'
import { createAccept } from '../../../src/inbox/accept.ts'
import { openTestHouse, until } from '../../house.ts'
import { received } from '../../inbox/received.ts'
import { openWire, requestText, type Wire } from '../../wire.ts'
import { signedByGithub, signedByReviews } from './signed.ts'
import { LISTED_ADDRESSES, sources } from './sources.ts'

const { house, url, call } = await openTestHouse({
  catalogue: {},
  sources,
  env: {
    TRUSTED_PROXIES: '127.0.0.0/8',
    LISTED_ADDRESSES,
    INBOX_MAX_OPEN_EVENTS: '3',
    INBOX_MAX_AGE_SECONDS: '3600',
  },
})

const wires = new Set<Wire>()
afterEach(() => {
  for (const wire of wires) wire.destroy()
  wires.clear()
})

let deliveries = 0
const nextBody = (): string => JSON.stringify({ type: 'status.tested', number: (deliveries += 1) })

/** Sends one request on a connection of its own. */
async function send(text: string) {
  const wire = await openWire(url)
  wires.add(wire)
  wire.write(text)
  return { wire, answer: await wire.answer() }
}

function review(changes: Record<string, string> = {}, body = nextBody()): string {
  const headers = signedByReviews(body, { delivery: `status-${deliveries}` })
  return requestText('/hooks/reviews', { headers: { ...headers, ...changes }, body })
}

const api = (body: string, headers: Record<string, string> = {}): string =>
  requestText('/api/events', {
    headers: {
      authorization: 'Bearer a-token-for-tests-only',
      'content-type': 'application/json',
      ...headers,
    },
    body,
  })

const from = (address: string) => ({ 'x-forwarded-for': address })
const wrong = { 'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}` }

test.each([
  ['200, a signed webhook', () => review(), 200, undefined],
  ['202, an event by the API', () => api('{"type":"t"}'), 202, undefined],
  ['400, no HTTP', () => 'POST /hooks/reviews\r\n\r\n', 400, 'malformed_request'],
  ['400, no JSON by the API', () => api('{'), 400, 'invalid_json'],
  [
    '401, a wrong signature',
    () => review({ ...wrong, ...from('198.51.100.1') }),
    401,
    'unauthorized',
  ],
  ['401, no token', () => api('{}', { authorization: 'none' }), 401, 'unauthorized'],
  [
    '403, an address that is not listed',
    () => requestText('/hooks/listed', { headers: from('198.51.100.2'), body: '{}' }),
    403,
    'forbidden',
  ],
  ['404, an unknown source', () => requestText('/hooks/nobody', { body: '{}' }), 404, 'not_found'],
  [
    '405, another method',
    () => requestText('/hooks/reviews', { method: 'PUT' }),
    405,
    'method_not_allowed',
  ],
  [
    '413, a declared length',
    () => review({ 'content-length': String(1024 * 1024 + 1) }),
    413,
    'body_too_large',
  ],
  [
    '415, another type',
    () => review({ 'content-type': 'text/plain' }),
    415,
    'unsupported_media_type',
  ],
  ['415, no type', () => review({ 'content-type': '' }), 415, 'unsupported_media_type'],
  [
    '415, another charset',
    () => review({ 'content-type': 'application/json; charset=utf-16' }),
    415,
    'unsupported_media_type',
  ],
  [
    '415, another coding',
    () => review({ 'content-encoding': 'zstd' }),
    415,
    'unsupported_media_type',
  ],
  [
    '415, two codings',
    () => review({ 'content-encoding': 'gzip, br' }),
    415,
    'unsupported_media_type',
  ],
  ['422, no valid event by the API', () => api('{"type":""}'), 422, 'invalid_event'],
  ['431, large headers', () => review({ 'x-large': 'x'.repeat(17_000) }), 431, 'headers_too_large'],
])('%s', async (_, request, status, code) => {
  const { answer } = await send(request())

  expect(answer.status).toBe(status)
  expect(answer.headers['content-type']).toBe(
    code === undefined ? 'application/json' : 'application/problem+json',
  )
  expect(JSON.parse(answer.body).code).toBe(code)
})

test.concurrent('408, a body that does not end', { timeout: 20_000 }, async () => {
  const wire = await openWire(url)
  wire.write(review({ 'content-length': '1000' }))

  const answer = await wire.answer()

  expect(answer.status).toBe(408)
  await wire.closed()
})

test('400, a body that is shorter than its sender said', async () => {
  const wire = await openWire(url)
  wire.write(review({ 'content-length': '1000' }))
  wire.end()

  await expect(wire.answer()).resolves.toMatchObject({ status: 400 })
  await wire.closed()
})

test('a sender who leaves within its body troubles nobody', async () => {
  const wire = await openWire(url)
  wire.write(review({ 'content-length': '1000' }))
  wire.destroy()

  const { answer } = await send(review())

  expect(answer.status).toBe(200)
})

test('413, a body that grows beyond the limit, before it ends', async () => {
  const wire = await openWire(url)
  const { 'content-length': _, ...headers } = signedByReviews('', { delivery: 'streamed' })
  const head = Object.entries({ ...headers, host: 'a', 'transfer-encoding': 'chunked' })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
  wire.write(`POST /hooks/reviews HTTP/1.1\r\n${head}\r\n`)
  for (let sent = 0; sent <= 1024 * 1024; sent += 65_536) {
    wire.write(`10000\r\n${' '.repeat(65_536)}\r\n`)
  }

  const answer = await wire.answer()

  expect(answer).toMatchObject({ status: 413, headers: { connection: 'close' } })
  await expect(wire.closed()).resolves.toBe('')
})

test('what is refused by its head alone is not read, and its connection ends', async () => {
  const smuggled = review()

  const { wire, answer } = await send(
    requestText('/hooks/nobody', { headers: { 'content-length': '10' } }) + smuggled,
  )

  expect(answer.status).toBe(404)
  expect(answer.headers['connection']).toBe('close')
  await expect(wire.closed()).resolves.toBe('')
})

test('a refusal after the body leaves the connection for the next request', async () => {
  const { wire, answer } = await send(review({ ...wrong, ...from('198.51.100.3') }))

  wire.write(review())

  expect(answer.status).toBe(401)
  await expect(wire.answer()).resolves.toMatchObject({ status: 200 })
})

test('429 for the 21st failure of an address, and 200 for what verifies', async () => {
  const address = from('198.51.100.4')
  const statuses: number[] = []
  const waits: number[] = []
  for (let attempt = 0; attempt < 22; attempt += 1) {
    const { answer } = await send(review({ ...wrong, ...address }))
    statuses.push(answer.status)
    waits.push(Number(answer.headers['retry-after'] ?? 0))
  }
  const good = await send(review(address))
  const neighbour = await send(review({ ...wrong, ...from('198.51.100.5') }))

  expect(statuses).toEqual([...Array<number>(20).fill(401), 429, 429])
  expect(waits.filter((seconds) => seconds > 0 && seconds <= 60)).toHaveLength(2)
  expect(good.answer.status).toBe(200)
  expect(neighbour.answer.status).toBe(401)
})

test('401 each time, however often, for a provider that tries us', async () => {
  const headers = { ...signedByReviews('{}', { delivery: 'tried' }), ...wrong }
  const statuses = new Set<number>()
  for (let attempt = 0; attempt < 25; attempt += 1) {
    const text = requestText('/hooks/tried', {
      headers: { ...headers, ...from('198.51.100.6') },
      body: '{}',
    })
    statuses.add((await send(text)).answer.status)
  }

  expect([...statuses]).toEqual([401])
})

test('503 above the bounds for who delivers again, 200 for who does not', async () => {
  const accept = createAccept(house.pool, () => undefined)
  await accept({ events: ['a', 'b', 'c', 'd'].map((key) => received(key)) })
  await house.pool.query(
    `update events set dispatch_after = now() + interval '1 day' where source = 'test'`,
  )
  const inbox = () => call('/readyz').then(({ body }) => body.parts.inbox)
  await until('the bounds', async () => (await inbox()).detail.includes('503'))

  const put = await send(review())
  const body = nextBody()
  const headers = signedByGithub(body, { delivery: 'kept' })
  const kept = await send(requestText('/hooks/github', { headers, body }))
  const ready = await call('/readyz')
  const metrics = await fetch(`${url}/metrics`).then((response) => response.text())

  expect(put.answer.status).toBe(503)
  expect(JSON.parse(put.answer.body)).toMatchObject({ code: 'overloaded' })
  expect(Number(put.answer.headers['retry-after'])).toBeGreaterThanOrEqual(5)
  expect(Number(put.answer.headers['retry-after'])).toBeLessThanOrEqual(15)
  expect(kept.answer.status).toBe(200)
  expect(ready).toMatchObject({ status: 200, body: { parts: { inbox: { ok: true } } } })
  expect(metrics).toContain('onset_inbox_shedding 1')

  await house.pool.query(`update events set dispatch_after = null where source = 'test'`)
  await until('the bounds', async () => !(await inbox()).detail.includes('503'))
  expect((await send(review())).answer.status).toBe(200)
})
