import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { release } from '../../src/inbox/quarantine.ts'
import { cancelReplay, createReplay, findReplay } from '../../src/inbox/replays.ts'
import { TemporalAway } from '../../src/inbox/start-run.ts'
import { until } from '../house.ts'
import { openInbox } from './open-inbox.ts'
import { received } from './received.ts'

const { pool, accept, dispatched, find, started, setRead, setAway, replay } = await openInbox()

const who = { tenant: 'default', by: 'ada' }
const farBack = new Date(0).toISOString()
const ahead = new Date(Date.now() + 3_600_000).toISOString()
const runsOf = (id: string) =>
  started.filter(({ input }) => input.id === id && input.trigger === 'tests')

async function acceptSome(type: string, count: number): Promise<string[]> {
  const answers = await Promise.all(
    Array.from({ length: count }, () => accept(received(randomUUID(), { type }))),
  )
  for (const { id } of answers) await dispatched(id)
  return answers.map(({ id }) => id)
}

async function made(range: Parameters<typeof createReplay>[1]['range'], perSecond = 1_000) {
  const outcome = await createReplay(pool, { ...who, perSecond, range })
  if (outcome.outcome !== 'made') throw new Error(`The replay is ${outcome.outcome}.`)
  return outcome.id
}

const stateOf = async (id: string) => findReplay(pool, { tenant: 'default', id })

const done = (id: string) =>
  until(`${id} to be done`, async () => {
    const found = await stateOf(id)
    return found?.state === 'done' && found
  })

test('a replayed event makes a run of its own that names the first one', async () => {
  const [id = ''] = await acceptSome('one', 1)
  const loop = replay()

  const first = await done(await made({ eventId: id }))
  const second = await done(await made({ eventId: id }))
  await loop.stop()

  const [own, ...again] = runsOf(id)
  expect(again).toHaveLength(2)
  for (const run of again) expect(run.input.replayOf).toBe(own?.id)
  expect(new Set(runsOf(id).map((run) => run.id)).size).toBe(3)
  expect(runsOf(id).map(({ priority }) => priority)).toEqual(Array(3).fill('interactive'))
  expect(first).toMatchObject({ total: 1, done: 1, started: 2, quarantined: 0, by: 'ada' })
  const { dispatches } = await find(id)
  expect(dispatches.filter(({ replayId }) => replayId === second.id)).toHaveLength(2)
  const { rows } = await pool.query('select replay_of from runs where id = any ($1)', [
    again.map((run) => run.id),
  ])
  expect(rows).toEqual([{ replay_of: own?.id }, { replay_of: own?.id }])
})

test('a replay resolves no waits', async () => {
  const [id = ''] = await acceptSome('waited-for', 1)
  await pool.query(
    `insert into waits (id, tenant, run_id, step, kind, event_type)
     values ('wait_1', 'default', 'somebody', 'part', 'event', 'waited-for')`,
  )
  const loop = replay()

  await done(await made({ eventId: id }))
  await loop.stop()

  const { rows } = await pool.query(`select resolved_at from waits where id = 'wait_1'`)
  expect(rows).toEqual([{ resolved_at: null }])
})

test('all events of a source, type and time are replayed, and no others', async () => {
  const chosen = await acceptSome('bulk.a', 20)
  const others = await acceptSome('other', 2)
  const loop = replay()

  const whole = await made({ source: 'test', type: 'bulk.*', from: farBack, to: ahead })
  const over = await made({ source: 'test', type: 'bulk.a', from: farBack, to: farBack })
  const finished = await done(whole)
  await loop.stop()

  expect(finished).toMatchObject({ total: 20, done: 20, started: 40 })
  expect(chosen.map((id) => runsOf(id).map(({ priority }) => priority))).toEqual(
    chosen.map(() => ['interactive', 'bulk']),
  )
  expect(others.map((id) => runsOf(id).length)).toEqual([1, 1])
  expect(await stateOf(over)).toMatchObject({ total: 0, state: 'done' })
})

test('however many processes work a replay off, each event is repeated once', async () => {
  const chosen = await acceptSome('raced', 60)
  const loops = [replay(), replay(), replay()]

  await done(await made({ source: 'test', type: 'raced', from: farBack, to: ahead }))
  await Promise.all(loops.map((loop) => loop.stop()))

  expect(chosen.map((id) => runsOf(id).length)).toEqual(chosen.map(() => 2))
})

test('a replay keeps to its pace, also after a time in which nobody looked', async () => {
  await acceptSome('paced', 40)
  const id = await made({ source: 'test', type: 'paced', from: farBack, to: ahead }, 10)
  await pool.query(`update replays set next_at = now() - interval '1 hour' where id = $1`, [id])
  const before = Date.now()
  const loop = replay()

  const slow = await until('a few', async () => {
    const found = await stateOf(id)
    return found !== null && found.done >= 15 && found
  })
  await loop.stop()
  const seconds = (Date.now() - before) / 1_000

  // One second may be caught up for, and one round of 500 ms taken ahead.
  expect(slow.done).toBeLessThanOrEqual(10 * (seconds + 2))
  expect(slow.state).toBe('running')
  await cancelReplay(pool, { ...who, id })
})

test('a cancelled replay leaves out the rest', async () => {
  await acceptSome('cancelled', 3)
  const id = await made({ source: 'test', type: 'cancelled', from: farBack, to: ahead }, 1)

  await cancelReplay(pool, { ...who, id })

  expect(await stateOf(id)).toMatchObject({
    state: 'cancelled',
    total: 3,
    done: 0,
    cancelledBy: 'ada',
  })
})

test('what was claimed by a process that died is repeated under the same id', async () => {
  const [id = ''] = await acceptSome('claimed', 1)
  const replayId = await made({ eventId: id })
  await pool.query(`update replay_events set claimed_until = now() + interval '30 seconds'`)
  const waiting = replay()
  await until('it to be looked at', async () => {
    const { rows } = await pool.query('select from replays where id = $1 and next_at > now()', [
      replayId,
    ])
    return rows.length === 1
  })
  await waiting.stop()
  const early = runsOf(id)
  await pool.query('update replay_events set claimed_until = now()')
  await pool.query('update replays set next_at = now() where next_at is not null')

  const loop = replay()
  await done(replayId)
  await loop.stop()

  expect(early).toHaveLength(1)
  expect(runsOf(id)).toHaveLength(2)
})

test('an event that cannot be read again is held, and is repeated once it is released', async () => {
  const [id = ''] = await acceptSome('unread', 1)
  setRead(() => {
    throw new Error('Not any more.')
  })
  const loop = replay()

  const replayId = await made({ eventId: id })
  const finished = await done(replayId)
  const held = await find(id)
  setRead((data) => data)
  const act = await release(pool, { ...who, id })
  const again = await done(replayId)
  await loop.stop()

  expect(finished).toMatchObject({ started: 1, quarantined: 1 })
  expect(held).toMatchObject({ state: 'dispatched', held: true })
  expect(act).toBe('done')
  expect(again).toMatchObject({ total: 1, done: 1, started: 2, quarantined: 0 })
  expect(await find(id)).toMatchObject({ state: 'dispatched', held: false })
  expect(runsOf(id)).toHaveLength(2)
})

test('an outage costs a replay its length: what could not be started is due at once', async () => {
  const [id = ''] = await acceptSome('away', 1)
  const replayId = await made({ eventId: id })
  setAway(new TemporalAway('Temporal is away.'))
  const loop = replay()
  await until('a try', async () => {
    const { rows } = await pool.query(
      `select from replay_events where replay_id = $1 and claimed_until > '-infinity'`,
      [replayId],
    )
    return rows.length === 1
  })
  setAway(null)

  const { endedAt } = await done(replayId)
  await loop.stop()

  expect(endedAt).not.toBeNull()
  expect(runsOf(id)).toHaveLength(2)
})

const expire = (id: string, reason: string) =>
  pool.query(
    `update events set state = 'expired', reason = $2, dispatch_after = null where id = $1`,
    [id, reason],
  )

test('a range leaves out what nobody has let go, and takes what was too late', async () => {
  const type = 'expired'
  const [late, unreleased] = await Promise.all([
    accept(received(randomUUID(), { type })),
    accept(received(randomUUID(), { type, hops: 6 })),
  ])
  await expire(late.id, 'too_late')
  await expire(unreleased.id, 'not_released')
  const loop = replay()

  const finished = await done(await made({ source: 'test', type, from: farBack, to: ahead }))
  await loop.stop()

  expect(finished.total).toBe(1)
  expect(runsOf(late.id)).toHaveLength(1)
  expect(runsOf(unreleased.id)).toEqual([])
})

test('a replay that is made while its events are being deleted takes those that stay', async () => {
  const [going, staying] = await acceptSome('going', 2)
  const deleting = await pool.connect()
  await deleting.query('begin')
  await deleting.query('delete from events where id = $1', [going])

  const outcome = made({ source: 'test', type: 'going', from: farBack, to: ahead }, 1)
  const id = await outcome
  await deleting.query('commit')
  deleting.release()

  expect(await stateOf(id)).toMatchObject({ total: 1 })
  const { rows } = await pool.query('select event_id from replay_events where replay_id = $1', [id])
  expect(rows).toEqual([{ event_id: staying }])
  await cancelReplay(pool, { ...who, id })
})

test('what is not dispatched yet, or in quarantine, has its own way to go', async () => {
  const open = await accept(received(randomUUID()))
  const held = await accept(received(randomUUID(), { hops: 6 }))

  for (const { id } of [open, held]) {
    const range = { eventId: id }
    await expect(createReplay(pool, { ...who, perSecond: 1, range })).resolves.toEqual({
      outcome: 'not_replayable',
    })
  }
})
