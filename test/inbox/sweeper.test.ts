import pino from 'pino'
import { afterAll, expect, test } from 'vitest'
import { createAccept } from '../../src/inbox/accept.ts'
import { createDispatcher } from '../../src/inbox/dispatch.ts'
import { type StartRun, TemporalAway } from '../../src/inbox/start-run.ts'
import { createRush } from '../../src/inbox/rush.ts'
import { createSweeper } from '../../src/inbox/sweeper.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openPool } from '../../src/store/pool.ts'
import { createDatabase } from '../harness.ts'
import { received } from './received.ts'
import { until } from '../house.ts'

const { url: databaseUrl } = await createDatabase()
const pool = openPool({ databaseUrl, size: 10 })
afterAll(() => pool.end())
await migrate(pool)
const log = pino({ level: 'silent' })

const catalogue = {
  tests: {
    source: { name: 'test' },
    workflow: 'tested',
    when: () => true,
    read: (data: unknown) => ({ data, summary: 'A test' }),
  },
}

/** A process of its own, as far as the inbox knows: what starts runs is told. */
const process = (startRun: (id: string) => Promise<void>) => createProcess(({ id }) => startRun(id))

function createProcess(startRun: StartRun) {
  const dispatcher = createDispatcher({
    pool,
    catalogue,
    startRun,
    wake: () => undefined,
    log,
  })
  return { dispatcher, sweep: () => createSweeper({ pool, dispatcher, log }) }
}

/** Accepts events that nobody dispatches: their process has died. */
async function abandon(keys: string[]): Promise<void> {
  const accept = createAccept(pool, () => undefined)
  await Promise.all(keys.map((key) => accept({ events: [received(key)] })))
  await pool.query('update events set dispatch_after = now() where dispatch_after is not null')
}

const openEvents = async (): Promise<number> =>
  (await pool.query('select 1 from events where dispatch_after is not null')).rows.length

test('what a dead process has left is dispatched once, however many sweep', async () => {
  await abandon(Array.from({ length: 300 }, (_, index) => `left-${index}`))
  const starts: string[] = []
  const sweepers = Array.from({ length: 4 }, () =>
    process(async (id) => {
      starts.push(id)
    }).sweep(),
  )

  await until('all to be dispatched', async () => (await openEvents()) === 0)
  await Promise.all(sweepers.map((sweeper) => sweeper.stop()))

  expect(starts).toHaveLength(300)
  expect(new Set(starts).size).toBe(300)
  const { rows } = await pool.query(`select count(*)::int as runs from runs where source = 'test'`)
  expect(rows).toEqual([{ runs: 300 }])
})

test('what cannot be started stays, and is tried again', async () => {
  await abandon(['stubborn'])
  let tries = 0
  const sweeper = process(async () => {
    tries += 1
    if (tries < 3) throw new TemporalAway('Temporal is away.')
  }).sweep()

  await until('it to be dispatched', async () => (await openEvents()) === 0)
  await sweeper.stop()

  expect(tries).toBe(3)
})

test('no more than 32 events are under way in one process; the rest is left to the sweeper', async () => {
  const release = Promise.withResolvers<void>()
  let underWay = 0
  const { dispatcher } = process(async () => {
    underWay += 1
    await release.promise
  })
  const accept = createAccept(pool, dispatcher.offer)

  await Promise.all(
    Array.from({ length: 100 }, (_, index) => accept({ events: [received(`many-${index}`)] })),
  )
  await until('dispatches to be under way', async () => underWay === 32)
  release.resolve()
  await dispatcher.idle()

  expect(underWay).toBe(32)
  await expect(openEvents()).resolves.toBe(68)
})

test('while senders wait in numbers, nothing is dispatched at once, and each sweep takes up one batch', async () => {
  await pool.query('update events set dispatch_after = null')
  const rush = createRush()
  const answered = Promise.withResolvers<void>()
  const waiting = Array.from({ length: 40 }, () => rush.during(() => answered.promise))
  let starts = 0
  const dispatcher = createDispatcher({
    pool,
    catalogue,
    async startRun() {
      starts += 1
    },
    wake: () => undefined,
    isRush: rush.isOn,
    log,
  })
  await createAccept(pool, dispatcher.offer, rush)({ events: [received('rush-offered')] })
  await dispatcher.idle()
  expect(starts).toBe(0)

  await abandon(Array.from({ length: 99 }, (_, index) => `rush-${index}`))
  const sweeper = createSweeper({ pool, dispatcher, isRush: rush.isOn, log })
  await until('a batch to be dispatched', async () => (await openEvents()) < 100)
  await sweeper.stop()
  expect(starts).toBe(32)

  answered.resolve()
  await Promise.all(waiting)
  const after = createSweeper({ pool, dispatcher, isRush: rush.isOn, log })
  await until('all to be dispatched', async () => (await openEvents()) === 0)
  await after.stop()
})

test('during an outage one event asks at a time, and the others keep their turn', async () => {
  await pool.query('update events set dispatch_after = null')
  await abandon(Array.from({ length: 50 }, (_, index) => `outage-${index}`))
  await pool.query(
    `update events set dispatch_after = now() - interval '1 minute' + substr(key, 8)::int * interval '1 second'
      where key like 'outage-%'`,
  )
  let away = true
  const tries: string[] = []
  const { dispatcher } = process(async (id) => {
    tries.push(id)
    if (away) throw new TemporalAway('Temporal is away.')
  })
  const sweeper = createSweeper({ pool, dispatcher, log })

  const waiting = await until('all to wait', async () => {
    const { rows } = await pool.query(
      `select dispatch_after < now() as due from events where key like 'outage-%' and state = 'waiting'`,
    )
    return rows.length === 50 && rows
  })
  const probes = tries.length
  away = false
  await until('all to be dispatched', async () => (await openEvents()) === 0)
  await sweeper.stop()

  // 32 find out that there is an outage; then one each 500 ms.
  expect(probes).toBeLessThan(45)
  expect(waiting.filter(({ due }) => due).length).toBeGreaterThanOrEqual(10)
})

test('an event that can never be started is in nobody’s way', async () => {
  await pool.query('update events set dispatch_after = null')
  await abandon(['never', 'fine-1', 'fine-2'])
  const { rows } = await pool.query(`select id from events where key = 'never'`)
  const { dispatcher } = process(() => Promise.resolve())
  const sweeper = createSweeper({
    pool,
    dispatcher: {
      ...dispatcher,
      dispatch: (event) =>
        event.id === rows[0].id
          ? Promise.reject(new Error('Not this one.'))
          : dispatcher.dispatch(event),
    },
    log,
  })

  await until('the others to be dispatched', async () => (await openEvents()) === 1)
  await sweeper.stop()

  const stuck = await pool.query(`select state, reason from events where key = 'never'`)
  expect(stuck.rows).toEqual([{ state: 'waiting', reason: 'dispatch_failed' }])
})

test('events that can never be started keep no other waiting, nor say that it does', async () => {
  await pool.query('update events set dispatch_after = null')
  await abandon(Array.from({ length: 64 }, (_, index) => `poison-${index}`))
  await pool.query(
    `update events set dispatch_after = now() - interval '1 hour' where key like 'poison-%'`,
  )
  await abandon(Array.from({ length: 40 }, (_, index) => `sound-${index}`))
  const { rows } = await pool.query(`select id, key from events where dispatch_after is not null`)
  const poison = new Set(rows.filter(({ key }) => key.startsWith('poison')).map(({ id }) => id))
  const { dispatcher } = createProcess(({ input }) =>
    poison.has(input.id) ? Promise.reject(new Error('INVALID_ARGUMENT')) : Promise.resolve(),
  )
  const sweeper = createSweeper({ pool, dispatcher, log })

  await until('the others to be dispatched', async () => (await openEvents()) === 64)
  await sweeper.stop()

  const states = await pool.query(
    `select distinct state, reason from events where key like 'poison-%'`,
  )
  expect(states.rows).toEqual([{ state: 'waiting', reason: 'dispatch_failed' }])
  const waited = await pool.query(
    `select count(*)::int as waited from event_states join events on id = event_id
      where key like 'sound-%' and event_states.state = 'waiting'`,
  )
  expect(waited.rows).toEqual([{ waited: 0 }])
})

test('a slow start holds up its own event only', async () => {
  await pool.query('update events set dispatch_after = null')
  await abandon(['slow', ...Array.from({ length: 200 }, (_, index) => `quick-${index}`)])
  await pool.query(
    `update events set dispatch_after = now() - interval '1 hour' where key = 'slow'`,
  )
  const answer = Promise.withResolvers<void>()
  const { dispatcher } = createProcess(({ input }) =>
    input.key === 'slow' ? answer.promise : Promise.resolve(),
  )
  const sweeper = createSweeper({ pool, dispatcher, log })

  await until('the others to be dispatched', async () => (await openEvents()) === 1)
  answer.resolve()
  await sweeper.stop()

  expect(await openEvents()).toBe(0)
})
