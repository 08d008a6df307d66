import { connect } from 'node:net'
import pino from 'pino'
import { expect, test } from 'vitest'
import { createListReject, type Reject } from '../../../src/inbox/rejects.ts'
import { openTestHouse, until } from '../../house.ts'
import { signedByReviews } from './signed.ts'
import { LISTED_ADDRESSES, sources } from './sources.ts'

const { house, url, call } = await openTestHouse({
  catalogue: {},
  sources,
  env: { TRUSTED_PROXIES: '127.0.0.1', LISTED_ADDRESSES },
})
const log = pino({ level: 'silent' })

const post = (path: string, body: string, headers: Record<string, string>) =>
  fetch(`${url}${path}`, { method: 'POST', body, headers })

/** The requests that were refused from an address, once there are so many. */
const refusedFrom = (address: string, count = 1) =>
  until(`a reject of ${address}`, async () => {
    const { body } = await call(`/api/rejects?address=${address}`)
    return body.rejects.length >= count && body.rejects
  })

test('a wrong signature is listed with what did not hold, and no secret', async () => {
  const body = JSON.stringify({ secret: 'in the body' })
  const good = signedByReviews(body, { delivery: 'a' })
  const headers = {
    ...good,
    'webhook-signature': `v1,${Buffer.alloc(32, 7).toString('base64')}`,
    authorization: 'Bearer of-somebody',
    cookie: 'a=b',
    'x-api-key': 'of-somebody-else',
    'x-forwarded-for': '192.0.2.1',
  }

  await post('/hooks/reviews?token=in-the-query', body, headers)
  const [reject] = await refusedFrom('192.0.2.1')

  expect(reject).toMatchObject({
    source: 'reviews',
    preset: 'standard-webhooks',
    address: '192.0.2.1',
    method: 'POST',
    path: '/hooks/reviews',
    status: 401,
    step: 'signature',
    reason: 'The configured key did not sign these bytes.',
    size: Buffer.byteLength(body),
    headers: {
      'webhook-id': 'a',
      'webhook-signature': '[47 characters]',
      authorization: '[18 characters]',
      'x-api-key': '[16 characters]',
    },
  })
  const text = JSON.stringify(reject)
  for (const secret of ['of-somebody', 'in the body', 'in-the-query', 'a=b']) {
    expect(text).not.toContain(secret)
  }
  expect(text).not.toContain(good['webhook-signature']?.slice(3))
})

test.each([
  ['an old time', '192.0.2.2', 'reviews', 401, 'time', /300 s/],
  ['an address that is not listed', '198.51.100.3', 'listed', 403, 'address', /198\.51\.100\.3/],
  ['another type', '192.0.2.4', 'reviews', 415, 'content', /text\/plain/],
  ['an unknown source', '192.0.2.5', 'nobody', 404, 'source', /No source/],
  ['too large a body', '192.0.2.6', 'reviews', 413, 'size', /1048576 bytes/],
])('%s is listed', async (what, address, source, status, step, reason) => {
  const body = what === 'too large a body' ? ' '.repeat(1024 * 1024 + 1) : '{}'
  const now = what === 'an old time' ? new Date(0) : new Date()
  const type = what === 'another type' ? 'text/plain' : 'application/json'
  const headers = signedByReviews(body, { delivery: 'b', now, headers: { 'content-type': type } })

  await post(`/hooks/${source}`, body, { ...headers, 'x-forwarded-for': address })
  const [reject] = await refusedFrom(address)

  expect(reject).toMatchObject({ status, step, source: source === 'nobody' ? null : source })
  expect(reject.reason).toMatch(reason)
})

test('the list is read page by page, the newest first, and filtered', async () => {
  const headers = { 'content-type': 'application/json', 'x-forwarded-for': '192.0.2.7' }
  for (let sent = 0; sent < 3; sent += 1) await post('/hooks/nobody-7', '{}', headers)
  await refusedFrom('192.0.2.7', 3)

  const first = await call('/api/rejects?address=192.0.2.7&limit=2')
  const second = await call(`/api/rejects?address=192.0.2.7&limit=2&after=${first.body.next}`)
  const others = await call('/api/rejects?address=192.0.2.7&status=401')
  const past = await call('/api/rejects?address=192.0.2.7&to=2020-01-01T00:00:00Z')

  const ids = [...first.body.rejects, ...second.body.rejects].map(({ id }) => Number(id))
  expect(ids).toHaveLength(3)
  expect(ids).toEqual(ids.toSorted((one, other) => other - one))
  expect(second.body.next).toBeNull()
  expect([others.body.rejects, past.body.rejects]).toEqual([[], []])
})

test.each(['limit=0', 'status=200', 'from=yesterday', 'after=x', 'body=1'])(
  '%s is no way to ask for the list',
  async (query) => {
    expect((await call(`/api/rejects?${query}`)).status).toBe(400)
  },
)

const rejected = (source: string | null, changes: Partial<Reject> = {}): Reject => ({
  source,
  preset: 'github',
  address: '192.0.2.9',
  method: 'POST',
  path: '/hooks/x',
  status: 401,
  step: 'signature',
  reason: 'because',
  headers: () => ({}),
  size: 1,
  ...changes,
})

async function countOf(source: string): Promise<number> {
  const { rows } = await house.pool.query(
    'select count(*)::int as n from rejects where source like $1',
    [source],
  )
  return rows[0].n
}

test('of a flood twenty a second are listed, and nobody waits for it', async () => {
  let atMs = 0
  const listReject = createListReject({ pool: house.pool, log, now: () => atMs })
  const start = performance.now()

  for (let sent = 0; sent < 100_000; sent += 1) listReject(rejected('flooded'))
  const tookMs = performance.now() - start
  atMs = 1_000
  for (let sent = 0; sent < 1_000; sent += 1) listReject(rejected('flooded'))

  await until('both seconds', async () => (await countOf('flooded')) === 40)
  expect(tookMs).toBeLessThan(1_000)
})

test('a flood of one source, or of none, hides nothing of the others', async () => {
  const listReject = createListReject({ pool: house.pool, log, now: () => 0 })

  for (let sent = 0; sent < 1_000; sent += 1) {
    listReject(rejected('loud'))
    listReject(rejected(null))
    listReject(rejected('loud', { status: 429 }))
  }
  listReject(rejected('heard'))
  listReject(rejected('heard', { status: 429 }))

  await expect(until('both', async () => (await countOf('heard')) === 2)).resolves.toBe(true)
  expect(await countOf('loud')).toBe(20)
})

test('all sources together have a bound as well', async () => {
  const listReject = createListReject({ pool: house.pool, log, now: () => 0 })

  for (let sent = 0; sent < 1_000; sent += 1) listReject(rejected(`one-of-many-${sent % 50}`))
  await until('the rest', async () => (await countOf('one-of-many-%')) >= 120)

  listReject(rejected('one-of-many-more'))
  createListReject({ pool: house.pool, log })(rejected('the last'))
  await until('what came later', async () => (await countOf('the last')) === 1)
  expect(await countOf('one-of-many-%')).toBe(120)
})

test.each([
  [99_999_999_999, '192.0.2.11'],
  [2 ** 64, '192.0.2.12'],
])('a length of %d is listed', async (size, address) => {
  const listReject = createListReject({ pool: house.pool, log })

  listReject(rejected('lengthy', { size, address }))
  const [reject] = await refusedFrom(address)

  expect(reject.size).toBe(Math.min(size, Number.MAX_SAFE_INTEGER))
})

test('a length that a stranger declares does not keep anybody from the list', async () => {
  const { port } = new URL(url)
  const socket = connect(Number(port), '127.0.0.1')
  socket.write(
    'POST /hooks/reviews HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 192.0.2.8\r\n' +
      'content-type: application/json\r\ncontent-length: 99999999999\r\n\r\n',
  )
  const [reject] = await refusedFrom('192.0.2.8')
  socket.destroy()

  expect(reject).toMatchObject({ status: 413, step: 'size', size: 99_999_999_999 })
})

test('one that was refused is found by its id', async () => {
  const headers = { 'content-type': 'application/json', 'x-forwarded-for': '192.0.2.10' }
  await post('/hooks/nobody', '{}', headers)
  const [reject] = await refusedFrom('192.0.2.10')

  expect((await call(`/api/rejects/${reject.id}`)).body).toEqual(reject)
  for (const id of ['0', 'x', '9'.repeat(30)]) {
    expect((await call(`/api/rejects/${id}`)).status).toBe(404)
  }
})

test('of what is throttled one in twenty is listed', async () => {
  const listReject = createListReject({ pool: house.pool, log, now: () => 0 })

  for (let sent = 0; sent < 60; sent += 1) listReject(rejected('throttled', { status: 429 }))

  await expect(until('three', async () => (await countOf('throttled')) === 3)).resolves.toBe(true)
})

test('the newest thousand of a source are kept', async () => {
  let atMs = 0
  const listReject = createListReject({ pool: house.pool, log, now: () => atMs })
  await house.pool.query(
    `insert into rejects (tenant, source, address, method, path, status, step, reason, headers)
     select 'default', source, '', '', '', 401, '', number::text, '{}'
       from generate_series(1, 1200) as number, unnest(array['capped', 'quiet']) as source`,
  )

  listReject(rejected('capped', { reason: 'the newest' }))

  await until('the rest', async () => (await countOf('capped')) === 1_000)
  const { rows } = await house.pool.query(
    `select reason from rejects where source = 'capped' order by id desc limit 2`,
  )
  expect(rows.map(({ reason }) => reason)).toEqual(['the newest', '1200'])
  expect(await countOf('quiet')).toBe(1_200)
})

test('what no table takes does not keep a request out of the list', async () => {
  const listReject = createListReject({ pool: house.pool, log })

  listReject(rejected('nul', { path: 'a\0b\ud800', reason: '\0' }))

  await expect(until('the row', async () => (await countOf('nul')) === 1)).resolves.toBe(true)
})
