import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { createReplay } from '../../src/inbox/replays.ts'
import { createRetainer } from '../../src/inbox/retention.ts'
import { until } from '../house.ts'
import { openInbox } from './open-inbox.ts'
import { received } from './received.ts'

const { pool, log, accept, acceptAll, dispatched } = await openInbox()

const retention = { days: 30, quarantineDays: 90, windows: new Map([['slow', 60]]) }

/** One whole walk. */
const retain = (changes: Partial<typeof retention> = {}): Promise<void> =>
  createRetainer({ pool, retention: { ...retention, ...changes }, log }).retain()

interface Row {
  state?: string
  source?: string
  days: number
  stateDays?: number
  held?: boolean
}

/** An event as it stands after so many days. */
async function aged({
  state = 'dispatched',
  source = 'test',
  days,
  stateDays = days,
  held = false,
}: Row) {
  const { id } = await accept(received(randomUUID(), { source }))
  await pool.query(
    `update events set state = $2, dispatch_after = null, held = $5, received_at = now() - make_interval(days => $3),
            state_at = now() - make_interval(days => $4) where id = $1`,
    [id, state, days, stateDays, held],
  )
  return id
}

async function stateOf(id: string): Promise<string | null> {
  const { rows } = await pool.query('select state from events where id = $1', [id])
  return rows[0]?.state ?? null
}

test.each<[string, Row, string | null]>([
  ['a dispatched event of 31 days is deleted', { days: 31 }, null],
  ['one of 29 days stays', { days: 29 }, 'dispatched'],
  ['a discarded one is deleted', { days: 31, state: 'discarded' }, null],
  ['an expired one is deleted', { days: 31, state: 'expired' }, null],
  [
    'what was discarded yesterday stays',
    { days: 31, stateDays: 1, state: 'discarded' },
    'discarded',
  ],
  ['what still waits stays', { days: 31, state: 'waiting' }, 'waiting'],
  ['what is in quarantine stays', { days: 31, state: 'quarantined' }, 'quarantined'],
  ['what is in quarantine for 91 days expires', { days: 91, state: 'quarantined' }, 'expired'],
  ['one with a dispatch in quarantine stays', { days: 31, held: true }, 'dispatched'],
  ['one with a dispatch in quarantine for 91 days is deleted', { days: 91, held: true }, null],
  [
    'one whose source remembers its keys for longer stays',
    { days: 31, source: 'slow' },
    'dispatched',
  ],
  ['one whose source has forgotten its key is deleted', { days: 61, source: 'slow' }, null],
])('%s', async (_, row, expected) => {
  const id = await aged(row)

  await retain()

  await expect(stateOf(id)).resolves.toBe(expected)
})

test('a short retention does not shorten the memory of a source', async () => {
  const young = await aged({ days: 6 })
  const old = await aged({ days: 8 })

  await retain({ days: 1 })

  await expect(stateOf(young)).resolves.toBe('dispatched')
  await expect(stateOf(old)).resolves.toBe(null)
})

test('what an open run, a wait or a replay still needs stays', async () => {
  const [run, wait, replayed] = [
    await aged({ days: 31 }),
    await aged({ days: 31 }),
    await aged({ days: 31 }),
  ]
  await pool.query(
    `insert into dispatches (event_id, trigger, state, run_id) values ($1, 't', 'started', 'open-run')`,
    [run],
  )
  await pool.query(
    `insert into runs (id, tenant, workflow, source, trigger, event_id, summary, started_at, status_at)
     values ('open-run', 'default', 'w', 'test', 't', $1, 's', now(), now())`,
    [run],
  )
  await pool.query(
    `insert into waits (id, tenant, run_id, step, kind, resolved_at, resolved_by, wake_after)
     values ('wait_1', 'default', 'other', 's', 'event', now(), $1, now())`,
    [wait],
  )
  const range = { eventId: replayed }
  await createReplay(pool, { tenant: 'default', by: 'ada', perSecond: 1, range })

  await retain()
  const kept = await Promise.all([run, wait, replayed].map(stateOf))
  await pool.query(`update runs set ended_at = now()`)
  await pool.query(`update waits set wake_after = null`)
  await pool.query(`delete from replay_events`)
  await retain()

  expect(kept).toEqual(['dispatched', 'dispatched', 'dispatched'])
  expect(await Promise.all([run, wait, replayed].map(stateOf))).toEqual([null, null, null])
})

test('a request goes with the last of its events', async () => {
  const answers = await acceptAll({
    events: [received(randomUUID()), received(randomUUID())],
    raw: Buffer.from('both'),
  })
  const [first = '', second = ''] = answers.map(({ id }) => id)
  const age = (id: string) =>
    pool.query(
      `update events set received_at = now() - interval '31 days', state_at = now() - interval '31 days' where id = $1`,
      [id],
    )
  const requests = async () => (await pool.query('select from deliveries')).rows.length
  await dispatched(second)
  await pool.query('update runs set ended_at = now()')

  await age(first)
  await retain()
  const between = await requests()
  const states = await Promise.all([first, second].map(stateOf))
  await age(second)
  await retain()

  expect(between).toBe(1)
  expect(states).toEqual([null, 'dispatched'])
  expect(await requests()).toBe(0)
})

test('while 20,000 old events are deleted, others are kept, also under keys that are going', async () => {
  await pool.query(
    `insert into events (id, tenant, source, key, type, time, received_at, state_at, method, url, headers,
            content_type, body, correlation_id, state)
     select 'evt_old-' || n, 'default', 'test', 'old-' || n, 't', now(), now() - interval '40 days',
            now() - interval '40 days', 'POST', '', '{}', '', '', '', 'dispatched' from generate_series(1, 20000) n`,
  )
  const loop = createRetainer({ pool, retention, log }).keepRetaining()

  // None is rejected: each is answered within the deadline of its sender.
  const answers: string[] = []
  for (let n = 1; n <= 20_000; n += 100) answers.push((await accept(received(`old-${n}`))).status)

  await until('all to be deleted', async () => {
    const { rows } = await pool.query(`select from events where id like 'evt_old-%' limit 1`)
    return rows.length === 0
  })
  await loop.stop()

  expect(answers).toContain('duplicate')
  const after = await accept(received('old-1'))
  const { rows } = await pool.query(`select count(*)::int as all from events where key = 'old-1'`)
  expect(rows).toEqual([{ all: 1 }])
  expect(after.id).not.toBe('evt_old-1')
})
