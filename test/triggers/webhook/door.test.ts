import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { openTestHouse } from '../../house.ts'
import { signedByGithub, signedByReviews } from './signed.ts'
import { LISTED_ADDRESSES, sources } from './sources.ts'

const { house, url, call } = await openTestHouse({
  catalogue: {},
  sources,
  env: {
    TRUSTED_PROXIES: '127.0.0.1,203.0.113.0/24',
    PUBLIC_URL: 'https://Hooks.example.org/onset/',
    LISTED_ADDRESSES,
  },
})

let deliveries = 0
const nextKey = (): string => `door-${(deliveries += 1)}`

async function post(path: string, body: string | Uint8Array, headers: Record<string, string>) {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    body: typeof body === 'string' ? body : Buffer.from(body),
    headers,
  })
  return { status: response.status, answer: JSON.parse(await response.text()) }
}

const review = (body: string | Uint8Array, headers: Record<string, string> = {}) =>
  post('/hooks/reviews', body, signedByReviews(body, { delivery: nextKey(), headers }))

const issue = (body: string | Uint8Array, headers: Record<string, string> = {}) =>
  post('/hooks/github', body, signedByGithub(body, { delivery: nextKey(), headers }))

const eventOf = async ({ answer }: { answer: { id: string } }) =>
  (await call(`/api/events/${answer.id}`)).body

const json = (value: object): string => JSON.stringify({ ...value, number: (deliveries += 1) })

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
])('a body in %s is verified as it came and kept as it is read', async (coding, compress) => {
  const body = json({ type: 'review.submitted' })
  const wire = compress(body)

  const sent = await review(wire, { 'content-encoding': coding })
  const event = await eventOf(sent)

  expect(sent.status).toBe(200)
  expect(event).toMatchObject({ type: 'review.submitted', body })
  expect(event.state).not.toBe('quarantined')
  const { rows } = await house.pool.query('select body from deliveries where body = $1', [wire])
  expect(rows).toHaveLength(1)
})

test('a compressed body may grow to its limit, however small it came', async () => {
  const filler = 'x'.repeat(900_000)
  const body = json({ type: 'review.submitted', filler })
  const wire = gzipSync(body)

  const sent = await review(wire, { 'content-encoding': 'gzip' })

  expect(body.length / wire.length).toBeGreaterThan(100)
  expect(sent.status).toBe(200)
  expect(await eventOf(sent)).toMatchObject({ type: 'review.submitted', body })
})

test('a compressed body that is broken is kept in quarantine', async () => {
  const wire = gzipSync(json({ type: 'review.submitted' })).subarray(0, 40)

  const sent = await review(wire, { 'content-encoding': 'gzip' })

  expect(sent.status).toBe(200)
  expect(await eventOf(sent)).toMatchObject({ state: 'quarantined', reason: 'body_unreadable' })
})

test('a compressed body that grows beyond its limit is refused, though it is signed', async () => {
  const wire = gzipSync(Buffer.alloc(256 * 1024 * 1024))

  const sent = await review(wire, { 'content-encoding': 'gzip' })

  expect(sent).toMatchObject({ status: 413, answer: { code: 'body_too_large' } })
})

test('of a body that is compressed twice one compression is taken off: nobody can read it', async () => {
  const wire = gzipSync(gzipSync(Buffer.alloc(256 * 1024 * 1024)))

  const sent = await review(wire, { 'content-encoding': 'gzip' })

  expect(await eventOf(sent)).toMatchObject({ state: 'quarantined', reason: 'body_unreadable' })
})

test('the public URL of an event is what the sender calls, byte for byte', async () => {
  const sent = await issue(json({}), { 'x-forwarded-host': 'other.example.org' })
  const path = '/hooks/github?a=%7E&b=c%2fd&&'
  const body = json({})
  const odd = await post(path, body, signedByGithub(body, { delivery: nextKey() }))

  expect((await eventOf(sent)).url).toBe('https://Hooks.example.org/onset/hooks/github')
  expect((await eventOf(odd)).url).toBe(`https://Hooks.example.org/onset${path}`)
})

test.each([
  ['192.0.2.7', 200],
  ['192.0.2.7, 203.0.113.9', 200],
  ['198.51.100.1, 192.0.2.7', 200],
  ['2001:db8::7', 200],
  ['::ffff:192.0.2.7', 200],
  ['192.0.2.7, 198.51.100.1', 403],
  ['192.0.2.7, nonsense', 403],
  ['', 403],
])('a request forwarded for %s gets %i', async (forwardedFor, status) => {
  const body = json({ type: 'review.submitted' })
  const headers = signedByReviews(body, { delivery: nextKey() })

  const sent = await post('/hooks/listed', body, { ...headers, 'x-forwarded-for': forwardedFor })

  expect(sent.status).toBe(status)
})

test('an event is shown with its signature, and without what may let others in', async () => {
  const body = json({ type: 'review.submitted' })
  const strange = {
    'x-api-key': 'secret-1',
    'x-gitlab-token': 'secret-2',
    'cf-access-jwt-assertion': 'secret-3',
    'x-session': 'secret-4',
    cookie: 'secret-5',
  }
  const headers = signedByReviews(body, { delivery: nextKey(), headers: strange })

  const event = await eventOf(await post('/hooks/reviews', body, headers))

  expect(event.headers).toMatchObject({
    'webhook-signature': headers['webhook-signature'],
    'webhook-timestamp': headers['webhook-timestamp'],
    'x-api-key': '[8 characters]',
    'x-session': '[8 characters]',
  })
  expect(JSON.stringify(event)).not.toContain('secret-')
})

test('JSON of a hundred thousand levels is kept in quarantine, and costs little', async () => {
  const body = '['.repeat(100_000)
  const start = performance.now()

  const sent = await issue(body)

  expect(sent.status).toBe(200)
  expect(performance.now() - start).toBeLessThan(1_000)
  expect(await eventOf(sent)).toMatchObject({ state: 'quarantined', reason: 'body_unreadable' })
})

test('a large body is read in a thread: key, type and subject are those of its whole', async () => {
  const body = json({
    filler: Array.from({ length: 5_000 }, (_, index) => ({ index, text: 'x'.repeat(100) })),
    action: 'opened',
    issue: { number: 7 },
    repository: { full_name: 'acme/widgets' },
  })
  const sent = await issue(body)

  expect(sent.status).toBe(200)
  const { rows } = await house.pool.query(
    'select type, subject, length(body) as size from events where id = $1',
    [sent.answer.id],
  )
  expect(rows).toEqual([
    { type: 'issues.opened', subject: 'acme/widgets#7', size: Buffer.byteLength(body) },
  ])
})

const cloudEvent = { specversion: '1.0', source: '/tool', type: 'review.closed', subject: 's' }

test('a structured CloudEvent of a sender is read as such', async () => {
  const id = nextKey()
  const body = JSON.stringify({ ...cloudEvent, id, data: { verdict: 'no' } })

  const sent = await review(body, { 'content-type': 'application/cloudevents+json' })

  expect(await eventOf(sent)).toMatchObject({
    source: 'reviews',
    key: `/tool ${id}`,
    type: 'review.closed',
    subject: 's',
    body: '{"verdict":"no"}',
  })
})

test('a batch of CloudEvents is several events of one request', async () => {
  const ids = [nextKey(), nextKey()]
  const body = JSON.stringify(ids.map((id) => ({ ...cloudEvent, id, data: id })))

  const sent = await review(body, { 'content-type': 'application/cloudevents-batch+json' })

  expect(sent.answer.events).toHaveLength(2)
  expect(new Set(sent.answer.events.map(({ id }: { id: string }) => id)).size).toBe(2)
})

test('a binary CloudEvent is what was signed, as nobody signs its attributes', async () => {
  const body = json({ verdict: 'no' })
  const attributes = {
    'ce-specversion': '1.0',
    'ce-id': 'another',
    'ce-source': '/tool',
    'ce-type': 'review.closed',
  }

  const event = await eventOf(await review(body, attributes))

  expect(event).toMatchObject({ type: 'unknown', body })
  expect(event.key).toMatch(/^door-/)
})

test.each([
  [
    'one of a batch is none',
    [
      { ...cloudEvent, id: 'a' },
      { ...cloudEvent, id: '' },
    ],
    'batch+json',
  ],
  ['an attribute is missing', { specversion: '1.0', id: 'b' }, 'json'],
])('CloudEvents of which %s are kept in quarantine, as one', async (_, value, kind) => {
  const body = JSON.stringify(value)
  const headers = {
    'content-type':
      kind === 'json' ? 'application/cloudevents+json' : `application/cloudevents-${kind}`,
  }

  const sent = await review(body, headers)

  expect(sent.status).toBe(200)
  expect(await eventOf(sent)).toMatchObject({ state: 'quarantined', body })
})
