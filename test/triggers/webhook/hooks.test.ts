import { expect, test } from 'vitest'
import { catalogue } from '../../../src/triggers/catalogue/index.ts'
import { openTestHouse, until } from '../../house.ts'
import { signedByGithub, signedByReviews } from './signed.ts'

const { house, url, call } = await openTestHouse({ catalogue })

let deliveries = 0
const nextKey = (): string => `hook-${(deliveries += 1)}`

// Nobody signs GitHub's ids: equal bodies are the same event.
const newIssue = () => ({
  action: 'opened',
  issue: { number: 7, title: `A typo, the ${nextKey()}`, body: '' },
  repository: { full_name: 'acme/widgets' },
})

const signed = (body: string, delivery = nextKey()): Record<string, string> =>
  signedByGithub(body, { delivery })

const post = (path: string, init: RequestInit): Promise<Response> =>
  fetch(`${url}${path}`, { method: 'POST', ...init })

async function eventsWith(delivery: string): Promise<number> {
  const { rows } = await house.pool.query('select 1 from events where key = $1', [delivery])
  return rows.length
}

test.each([
  ['a wrong signature', { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` }],
  ['an empty signature', { 'x-hub-signature-256': '' }],
  ['a signature without its scheme', { 'x-hub-signature-256': '0'.repeat(64) }],
  ['a signature in capitals', { 'x-hub-signature-256': `SHA256=${'A'.repeat(64)}` }],
  ['only the old signature', { 'x-hub-signature-256': '', 'x-hub-signature': 'sha1=00' }],
])('%s is refused and keeps nothing', async (_, headers) => {
  const body = JSON.stringify(newIssue())
  const delivery = nextKey()

  const response = await post('/hooks/github', {
    body,
    headers: { ...signed(body, delivery), ...headers },
  })

  expect(response.status).toBe(401)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  await expect(response.json()).resolves.toMatchObject({ code: 'unauthorized' })
  await expect(eventsWith(delivery)).resolves.toBe(0)
})

test('a missing signature is refused', async () => {
  const response = await post('/hooks/github', {
    body: JSON.stringify(newIssue()),
    headers: { 'content-type': 'application/json' },
  })

  expect(response.status).toBe(401)
})

test('a signature that was sent twice is refused, even a good one', async () => {
  const body = JSON.stringify(newIssue())
  const headers = Object.entries(signed(body))
  const again = headers.filter(([name]) => name === 'x-hub-signature-256')

  const response = await post('/hooks/github', { body, headers: [...headers, ...again] })

  expect(response.status).toBe(401)
})

test('a body that was changed on the way is refused', async () => {
  const sent = newIssue()

  const response = await post('/hooks/github', {
    body: JSON.stringify({ ...sent, action: 'closed' }),
    headers: signed(JSON.stringify(sent)),
  })

  expect(response.status).toBe(401)
})

test('an unknown source has no endpoint', async () => {
  const response = await post('/hooks/nobody', { body: '{}', headers: signed('{}') })

  expect(response.status).toBe(404)
})

test('another method than POST is not allowed', async () => {
  const response = await fetch(`${url}/hooks/github`)

  expect(response.status).toBe(405)
  expect(response.headers.get('allow')).toBe('POST')
})

test('a streamed body within the limit is taken', async () => {
  const body = JSON.stringify(newIssue())

  const response = await post('/hooks/github', {
    body: new Blob([body]).stream(),
    headers: signed(body),
    duplex: 'half',
  })

  expect(response.status).toBe(200)
})

test.each([
  ['broken JSON', '{"action":'],
  ['an empty body', ''],
  ['JSON of NUL', '\0'],
])('%s that is signed is kept in quarantine and answered 200', async (_, body) => {
  const response = await post('/hooks/github', { body, headers: signed(body) })
  const { id } = JSON.parse(await response.text())

  expect(response.status).toBe(200)
  const { body: event } = await call(`/api/events/${id}`)
  expect(event).toMatchObject({ state: 'quarantined', reason: 'body_unreadable', dispatches: [] })
})

test('a body that is not what the trigger expects puts that dispatch into quarantine', async () => {
  const body = JSON.stringify({ ...newIssue(), issue: { number: 'seven' } })
  const response = await post('/hooks/github', { body, headers: signed(body) })
  const { id } = JSON.parse(await response.text())

  const dispatch = await until('the dispatch', async () => {
    const { body: event } = await call(`/api/events/${id}`)
    return event.dispatches[0]
  })

  expect(response.status).toBe(200)
  expect(dispatch).toMatchObject({
    trigger: 'newIssues',
    state: 'quarantined',
    reason: 'body_mismatch',
  })
})

test('NUL and lone surrogates in what the sender names do not keep an event out', async () => {
  const body = JSON.stringify({ action: 'op\0ened\ud800', repository: { full_name: 'a\0b' } })

  const response = await post('/hooks/github', { body, headers: signed(body) })

  expect(response.status).toBe(200)
})

test('the same delivery ten times at once is one row, one run, and ten times 200', async () => {
  const body = JSON.stringify(newIssue())
  const delivery = nextKey()
  const headers = signed(body, delivery)

  const responses = await Promise.all(
    Array.from({ length: 10 }, () => post('/hooks/github', { body, headers })),
  )
  const answers = await Promise.all(
    responses.map(async (response) => JSON.parse(await response.text())),
  )

  expect(responses.map(({ status }) => status)).toEqual(Array(10).fill(200))
  expect(new Set(answers.map(({ id }) => id)).size).toBe(1)
  expect(answers.filter(({ status }) => status === 'accepted')).toHaveLength(1)
  await expect(eventsWith(delivery)).resolves.toBe(1)
  const runs = await until('the run', async () => {
    const { rows } = await house.pool.query('select 1 from runs where event_id = $1', [
      answers[0].id,
    ])
    return rows.length > 0 && rows
  })
  expect(runs).toHaveLength(1)
})

test.each(['0000-01-01T00:00:00Z', '9999-12-31T23:59:59-01:00', 'yesterday'])(
  'an event that says it happened at %s is kept',
  async (timestamp) => {
    const body = JSON.stringify({ type: 'review.submitted', timestamp })
    const headers = signedByReviews(body, { delivery: nextKey() })

    const response = await post('/hooks/reviews', { body, headers })

    expect(response.status).toBe(200)
  },
)

test('an event whose type and subject are longer than any index takes is kept, and its neighbours with it', async () => {
  const noise = Array.from({ length: 20_000 }, () =>
    String.fromCodePoint(0x4e00 + Math.floor(Math.random() * 20_000)),
  )
  const body = JSON.stringify({ action: noise.join(''), repository: { full_name: noise.join('') } })
  const other = JSON.stringify(newIssue())

  const responses = await Promise.all([
    post('/hooks/github', { body, headers: signed(body) }),
    post('/hooks/github', { body: other, headers: signed(other) }),
  ])

  expect(responses.map(({ status }) => status)).toEqual([200, 200])
})

test('credentials of a delivery are not kept, its signature is', async () => {
  const body = JSON.stringify(newIssue())
  const response = await post('/hooks/github', {
    body,
    headers: { ...signed(body), authorization: 'Bearer secret', cookie: 'a=b' },
  })
  const { id } = JSON.parse(await response.text())

  const { body: event } = await call(`/api/events/${id}`)

  expect(Object.keys(event.headers)).toContain('x-hub-signature-256')
  expect(Object.keys(event.headers)).not.toContain('authorization')
  expect(Object.keys(event.headers)).not.toContain('cookie')
})

test('a form with a payload is read as the JSON in it', async () => {
  const body = new URLSearchParams({ payload: JSON.stringify(newIssue()) }).toString()
  const headers = { ...signed(body), 'content-type': 'application/x-www-form-urlencoded' }
  const response = await post('/hooks/github', { body, headers })
  const { id } = JSON.parse(await response.text())

  const { body: event } = await call(`/api/events/${id}`)

  expect(event).toMatchObject({ type: 'issues.opened', subject: 'acme/widgets#7' })
})
