import { expect, test } from 'vitest'
import { Event, EventPage, Replay, ReplayList, Reverified } from '../../src/api/event-schemas.ts'
import { Accepted } from '../../src/api/schemas.ts'
import { openApi } from './open-api.ts'

const { request, post, pool } = await openApi({
  maskEvent: (event) => ({ ...event, body: event.body.replace('hush', '…') }),
})

/** Posts an event and answers its id. */
async function send(event: Record<string, unknown>, headers = {}): Promise<string> {
  return Accepted.parse(await (await post('/api/events', event, headers)).json()).id
}

const tooOften = { 'x-onset-hops': '6' }
const show = async (id: string) => Event.parse(await (await request(`/api/events/${id}`)).json())
const codeOf = async (response: Response): Promise<unknown> => {
  const body: unknown = await response.json()
  return typeof body === 'object' && body !== null && 'code' in body ? body.code : undefined
}

async function list(query: string) {
  const response = await request(`/api/events?${query}`)
  return EventPage.parse(await response.json())
}

test('events are listed newest first, by what is asked for, page by page', async () => {
  const ids: string[] = []
  for (const n of [1, 2, 3]) ids.unshift(await send({ type: 'listed.one', subject: `s-${n}` }))
  const other = await send({ type: 'listed.two', id: 'known-key' })

  const first = await list('type=listed.one&limit=2')
  const second = await list(`type=listed.one&limit=2&after=${first.next}`)

  expect(first.events.map(({ id }) => id)).toEqual(ids.slice(0, 2))
  expect(second).toMatchObject({ events: [{ id: ids[2] }], next: null })
  expect((await list('type=listed.*')).events).toHaveLength(4)
  expect((await list('subject=s-2')).events).toMatchObject([{ id: ids[1], state: 'accepted' }])
  expect((await list('key=known-key')).events).toMatchObject([{ id: other, size: 4 }])
})

test.each(['state=gone', 'limit=0', 'limit=201', 'from=yesterday', 'what=ever'])(
  'a list by %s is refused',
  async (query) => {
    const response = await request(`/api/events?${query}`)

    expect(response.status).toBe(400)
    expect(await codeOf(response)).toBe('invalid_request')
  },
)

test('an event in quarantine is released, with another body, by somebody', async () => {
  const id = await send({ type: 't', data: { n: 1 } }, tooOften)

  const response = await post(`/api/events/${id}/release`, { by: 'ada', body: '{"n":2}' })

  expect(response.status).toBe(200)
  const event = Event.parse(await response.json())
  expect(event).toMatchObject({ id, state: 'accepted', repaired: true, body: '{"n":2}' })
  expect(event.history).toMatchObject([
    { state: 'quarantined', reason: 'too_many_hops' },
    { state: 'accepted', by: 'ada' },
  ])
  const again = await post(`/api/events/${id}/release`, {})
  expect(again.status).toBe(409)
  expect(await codeOf(again)).toBe('not_in_quarantine')
})

test('a body that is no text is released in base64', async () => {
  const id = await send({ type: 't' }, tooOften)

  await post(`/api/events/${id}/release`, { bodyBase64: 'AP8=' })

  const { rows } = await pool.query('select body from events where id = $1', [id])
  expect(rows).toEqual([{ body: Buffer.from([0, 255]) }])
})

test('a large body is released, and nothing beyond the largest that any source takes', async () => {
  const large = await openApi({ largestEventBytes: 3 * 1024 * 1024 })
  const id = Accepted.parse(
    await (await large.post('/api/events', { type: 't' }, tooOften)).json(),
  ).id
  const bodyBase64 = Buffer.alloc(3 * 1024 * 1024).toString('base64')

  const tooLarge = await large.post(`/api/events/${id}/release`, {
    bodyBase64: bodyBase64.repeat(2),
  })
  const elsewhere = await large.post(`/api/events/${id}/discard`, { reason: bodyBase64 })
  const released = await large.post(`/api/events/${id}/release`, { bodyBase64 })

  expect([tooLarge.status, elsewhere.status, released.status]).toEqual([413, 413, 200])
  expect(
    (await large.request(`/api/events/${id}/release`, { headers: { authorization: 'x' } })).status,
  ).toBe(401)
})

test('headers that may be credentials are shown by their length', async () => {
  const own = await openApi()
  const headers = {
    'x-api-key': 'hush',
    'idempotency-key': 'mine',
    'x-harmless': 'yes',
    ...tooOften,
  }
  const { id } = Accepted.parse(
    await (await own.post('/api/events', { type: 't' }, headers)).json(),
  )

  const shown = Event.parse(await (await own.request(`/api/events/${id}`)).json())
  const released = Event.parse(await (await own.post(`/api/events/${id}/release`, {})).json())

  const expected = { 'x-api-key': '[4 characters]', 'idempotency-key': 'mine', 'x-harmless': 'yes' }
  expect(shown.headers).toMatchObject(expected)
  expect(released.headers).toEqual(shown.headers)
})

test('replays are listed, the youngest first', async () => {
  const own = await openApi()
  const range = { source: 'internal', from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' }
  const made: string[] = []
  for (const type of ['a', 'b', 'c']) {
    made.push(Replay.parse(await (await own.post('/api/replays', { ...range, type })).json()).id)
  }

  const response = await own.request('/api/replays?limit=2')

  const { replays } = ReplayList.parse(await response.json())
  expect(replays).toMatchObject([
    {
      id: made[2],
      type: 'c',
      total: 0,
      done: 0,
      state: 'done',
      endedAt: expect.any(String),
      quarantined: 0,
    },
    { id: made[1] },
  ])
  expect((await own.request('/api/replays?limit=0')).status).toBe(400)
})

test('a page after a cursor that nobody made is refused', async () => {
  const response = await request('/api/events?after=nonsense')

  expect(response.status).toBe(400)
  expect(await codeOf(response)).toBe('invalid_request')
})

test('an event is discarded with a reason, once', async () => {
  const id = await send({ type: 't' })

  const response = await post(`/api/events/${id}/discard`, { by: 'ada', reason: 'noise' })
  const again = await post(`/api/events/${id}/discard`, {})

  expect(Event.parse(await response.json())).toMatchObject({ state: 'discarded', reason: 'noise' })
  expect(await codeOf(again)).toBe('not_discardable')
})

test('a stored event is verified again', async () => {
  const id = await send({ type: 't' })

  const response = await post(`/api/events/${id}/verify`, {})

  expect(Reverified.parse(await response.json())).toEqual({ valid: true })
})

test('what lets its holder act is not shown', async () => {
  const id = await send({ type: 't', data: 'hush' })

  expect(await show(id)).toMatchObject({ body: '"…"' })
})

test('an event is replayed once it was dispatched', async () => {
  const id = await send({ type: 't' })
  const early = await post(`/api/events/${id}/replay`, {})
  await pool.query(`update events set state = 'dispatched', dispatch_after = null where id = $1`, [
    id,
  ])

  const response = await post(`/api/events/${id}/replay`, { by: 'ada' })

  expect(await codeOf(early)).toBe('not_replayable')
  expect(response.status).toBe(202)
  expect(Replay.parse(await response.json())).toMatchObject({ eventId: id, total: 1, by: 'ada' })
})

test('a range is replayed at a rate, looked at, and cancelled', async () => {
  await send({ type: 'ranged' })
  await pool.query(
    `update events set state = 'dispatched', dispatch_after = null where type = 'ranged'`,
  )
  const range = { source: 'internal', type: 'ranged', from: '2020-01-01T00:00:00Z' }

  const made = await post('/api/replays', { ...range, to: '2100-01-01T00:00:00Z', perSecond: 2 })
  const { id, ...replay } = Replay.parse(await made.json())
  const shown = Replay.parse(await (await request(`/api/replays/${id}`)).json())
  const cancelled = await post(`/api/replays/${id}/cancel`, { by: 'ada' })

  expect(made.status).toBe(202)
  expect(replay).toMatchObject({ total: 1, perSecond: 2, state: 'running', type: 'ranged' })
  expect(shown).toMatchObject({ id, done: 0 })
  expect(Replay.parse(await cancelled.json())).toMatchObject({
    state: 'cancelled',
    cancelledBy: 'ada',
  })
})

test.each([
  ['GET', '/api/replays/rpl_none'],
  ['POST', '/api/replays/rpl_none/cancel'],
  ['POST', '/api/events/evt_none/release'],
  ['POST', '/api/events/evt_none/discard'],
  ['POST', '/api/events/evt_none/replay'],
  ['POST', '/api/events/evt_none/verify'],
])('%s %s is not found', async (method, path) => {
  const response = method === 'GET' ? await request(path) : await post(path, {})

  expect(response.status).toBe(404)
})

test('what another tenant has is not there', async () => {
  const id = await send({ type: 't' }, tooOften)
  const other = { authorization: 'Bearer token-2' }

  for (const act of ['release', 'discard', 'replay', 'verify']) {
    expect((await post(`/api/events/${id}/${act}`, {}, other)).status).toBe(404)
  }
  expect((await show(id)).state).toBe('quarantined')
})
