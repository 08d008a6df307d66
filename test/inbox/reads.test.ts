import { expect, test } from 'vitest'
import { createReplayer } from '../../src/inbox/replayer.ts'
import { cancelReplay, createReplay } from '../../src/inbox/replays.ts'
import { createRetainer } from '../../src/inbox/retention.ts'
import { until } from '../house.ts'
import { openInbox } from './open-inbox.ts'
import { readsOf } from './reads.ts'

const { pool, url, log, dispatcher, started } = await openInbox()
const retention = { days: 30, quarantineDays: 90, windows: new Map<string, number>() }

/** Events of a type that came so many days ago, each by a request of its own. */
async function seed({ type, count, days, state = 'dispatched' }: Seed): Promise<void> {
  await pool.query(
    `insert into events (id, tenant, source, key, type, time, received_at, state_at, method, url, headers,
            content_type, body, correlation_id, state, delivery_id)
     select 'evt_' || $1 || n, 'default', 'test', $1 || n, $1, now(), now() - make_interval(days => $3),
            now() - make_interval(days => $3), 'POST', '', '{}', 'application/json', '{}', '', $4, 'dlv_' || $1 || n
       from generate_series(1, $2) n`,
    [type, count, days, state],
  )
  await pool.query(
    `insert into deliveries select 'dlv_' || $1 || n, 'x' from generate_series(1, $2) n`,
    [type, count],
  )
  await pool.query('analyze events')
  await pool.query('analyze deliveries')
}

interface Seed {
  type: string
  count: number
  days: number
  state?: string
}

test('a replay reads what it takes, however much there is to do', async () => {
  await seed({ type: 'replayed', count: 20_000, days: 1 })
  const range = {
    source: 'test',
    type: 'replayed',
    from: '2020-01-01T00:00:00Z',
    to: '2100-01-01T00:00:00Z',
  }
  const who = { tenant: 'default', by: 'ada' }
  const outcome = await createReplay(pool, { ...who, perSecond: 1_000, range })
  const id = outcome.outcome === 'made' ? outcome.id : ''

  const read = await readsOf({ pool, url, table: 'replay_events' }, async (own) => {
    const loop = createReplayer({ pool: own, dispatcher, log })
    await until('some to be repeated', async () => started.length > 600)
    await loop.stop()
  })
  await cancelReplay(pool, { ...who, id })

  // Two triggers mean each event.
  expect(read).toBeLessThan(60 * (started.length / 2))
})

test('requests are deleted with their events one by one', async () => {
  await seed({ type: 'old', count: 1_000, days: 40 })
  await seed({ type: 'young', count: 20_000, days: 1 })

  const work = (own: typeof pool) => createRetainer({ pool: own, retention, log }).retain()
  const read = await readsOf({ pool, url, table: 'deliveries' }, work)

  expect(read).toBeLessThan(10_000)
  const { rows } = await pool.query(`select from deliveries where id like 'dlv_old%'`)
  expect(rows).toEqual([])
})

test('what is in quarantine and young is not looked at', async () => {
  await seed({ type: 'held', count: 20_000, days: 1, state: 'quarantined' })

  const work = (own: typeof pool) => createRetainer({ pool: own, retention, log }).retain()
  const read = await readsOf({ pool, url, table: 'events' }, work)

  expect(read).toBeLessThan(10_000)
})
