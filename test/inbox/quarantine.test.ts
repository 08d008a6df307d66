import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { findRequest } from '../../src/inbox/event-details.ts'
import { discard, release } from '../../src/inbox/quarantine.ts'
import { TemporalAway } from '../../src/inbox/start-run.ts'
import { until } from '../house.ts'
import { openInbox } from './open-inbox.ts'
import { received } from './received.ts'

const { pool, accept, dispatched, find, started, setRead, setAway, sweep } = await openInbox()

const on = (id: string) => ({ tenant: 'default', id, by: 'ada' })
const body = (value: unknown) => Buffer.from(JSON.stringify(value))
const runsOf = (id: string) => started.filter(({ input }) => input.id === id)
const strict = (data: unknown) => z.object({ n: z.number() }).parse(data)

/** An event that the trigger `tests` cannot read and `others` can. */
async function mismatch() {
  setRead(strict)
  const { id } = await accept(received(randomUUID(), { body: body({ n: 'one' }) }))
  return dispatched(id)
}

test('a mismatch holds its own dispatch; the other trigger has its run', async () => {
  const event = await mismatch()

  expect(event).toMatchObject({
    state: 'dispatched',
    held: true,
    dispatches: [
      { trigger: 'others', state: 'started' },
      { trigger: 'tests', state: 'quarantined', reason: 'body_mismatch' },
    ],
  })
})

test('a released event with a repaired body starts what it had not started, and only that', async () => {
  const { id } = await mismatch()
  const before = runsOf(id).length

  const act = await release(pool, { ...on(id), body: body({ n: 1 }) })
  const event = await dispatched(id)

  expect(act).toBe('done')
  expect(runsOf(id).slice(before)).toMatchObject([{ input: { trigger: 'tests', data: { n: 1 } } }])
  expect(event).toMatchObject({ state: 'dispatched', held: false, repaired: true, body: '{"n":1}' })
  expect(event.dispatches.map(({ state }) => state)).toEqual(['started', 'started'])
})

test('the body that came stays, and is what is verified again', async () => {
  const { id } = await mismatch()
  await release(pool, { ...on(id), body: body({ n: 1 }) })
  await dispatched(id)
  await pool.query('update events set held = true where id = $1', [id])

  await release(pool, { ...on(id), body: body({ n: 2 }) })

  const stored = await findRequest(pool, { tenant: 'default', id })
  expect(Buffer.from(stored?.body ?? []).toString()).toBe('{"n":"one"}')
})

test('a release of what still does not fit ends in quarantine again, and the history says all of it', async () => {
  const { id } = await mismatch()

  await release(pool, on(id))
  const event = await dispatched(id)

  expect(event.held).toBe(true)
  expect(event.history).toMatchObject([
    { state: 'accepted', at: event.receivedAt, by: null },
    { state: 'dispatched', reason: 'tests: body_mismatch', by: null },
    { state: 'accepted', by: 'ada' },
    { state: 'dispatched', at: event.stateAt, by: null },
  ])
})

test('an event that a run has caused too often goes on once it is released', async () => {
  setRead((data) => data)
  const { id } = await accept(received(randomUUID(), { hops: 6 }))

  await release(pool, on(id))
  const event = await dispatched(id)

  expect(runsOf(id)).toHaveLength(2)
  expect(event.history).toMatchObject([
    { state: 'quarantined', reason: 'too_many_hops' },
    { state: 'accepted', by: 'ada' },
    { state: 'dispatched' },
  ])
})

test('what came under the key of another event becomes a run of its own', async () => {
  setRead((data) => data)
  const key = randomUUID()
  const first = await accept(received(key, { body: body(1) }))
  const second = await accept(received(key, { body: body(2) }))
  await dispatched(first.id)

  await release(pool, on(second.id))
  await dispatched(second.id)

  const [one] = runsOf(first.id)
  const [two] = runsOf(second.id)
  expect(two?.input).toMatchObject({ key, data: 2 })
  expect(two?.id).not.toBe(one?.id)
})

test('only what is in quarantine is released', async () => {
  setRead((data) => data)
  const { id } = await accept(received(randomUUID()))
  await dispatched(id)

  await expect(release(pool, on(id))).resolves.toBe('not_possible')
  await expect(release(pool, on('evt_none'))).resolves.toBe('unknown')
  await expect(release(pool, { ...on(id), tenant: 'other' })).resolves.toBe('unknown')
})

test('of two who release at once one does', async () => {
  const { id } = await accept(received(randomUUID(), { hops: 6 }))

  const acts = await Promise.all([release(pool, on(id)), release(pool, on(id))])

  expect(acts.toSorted()).toEqual(['done', 'not_possible'])
})

test('a discarded event starts nothing, and says who gave it up and why', async () => {
  const { id } = await accept(received(randomUUID()))

  const act = await discard(pool, { ...on(id), reason: 'a test' })
  const other = await accept(received(randomUUID()))
  await dispatched(other.id)

  expect(act).toBe('done')
  expect(runsOf(id)).toEqual([])
  const event = await find(id)
  expect(event).toMatchObject({ state: 'discarded', reason: 'a test' })
  expect(event.history).toMatchObject([{ state: 'accepted' }, { state: 'discarded', by: 'ada' }])
})

test('of an event that has started a run only the quarantined dispatches are given up', async () => {
  const { id } = await mismatch()

  await discard(pool, on(id))

  expect(await find(id)).toMatchObject({
    state: 'dispatched',
    held: false,
    dispatches: [{ state: 'started' }, { trigger: 'tests', state: 'discarded' }],
  })
  await expect(discard(pool, on(id))).resolves.toBe('not_possible')
})

test('an event waits while Temporal is away, with its reason, and its history shows it', async () => {
  setRead((data) => data)
  setAway(new TemporalAway('Temporal is away.'))
  const { id } = await accept(received(randomUUID()))
  const sweeper = await sweep()

  const waiting = await until('it to wait', async () => {
    const event = await find(id)
    return event.state === 'waiting' && event
  })
  setAway(null)
  await sweeper.stop()
  const event = await dispatched(id)

  expect(waiting).toMatchObject({ reason: 'temporal_unavailable' })
  expect(event).toMatchObject({ state: 'dispatched', reason: null })
  expect(event.history.map(({ state }) => state)).toEqual(['accepted', 'waiting', 'dispatched'])
  expect(event.history[1]).toMatchObject({ reason: 'temporal_unavailable', at: waiting.stateAt })
})

test('an event whose time is over expires instead of starting anything', async () => {
  const { id } = await accept(received(randomUUID(), { expiresAfterMinutes: 15 }))
  await pool.query(`update events set expires_at = now() - interval '1 second' where id = $1`, [id])

  const sweeper = await sweep()
  const event = await until('it to expire', async () => {
    const found = await find(id)
    return found.state === 'expired' && found
  })
  await sweeper.stop()

  expect(event).toMatchObject({ reason: 'too_late', dispatches: [] })
  expect(runsOf(id)).toEqual([])
})
