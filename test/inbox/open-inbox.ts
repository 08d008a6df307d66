import pino from 'pino'
import { afterAll } from 'vitest'
import type { Accepted, ReceivedEvent } from '../../src/contracts/event.ts'
import { type Accept, createAccept } from '../../src/inbox/accept.ts'
import { createDispatcher } from '../../src/inbox/dispatch.ts'
import { findEvent, type StoredEvent } from '../../src/inbox/event-details.ts'
import type { PlannedRun } from '../../src/inbox/plan.ts'
import { createReplayer } from '../../src/inbox/replayer.ts'
import { createSweeper } from '../../src/inbox/sweeper.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openPool } from '../../src/store/pool.ts'
import { createDatabase } from '../harness.ts'
import { until } from '../house.ts'

const log = pino({ level: 'silent' })

/** The inbox on a database of its own, and processes that dispatch from it: what they start is written down. */
export async function openInbox() {
  const { url } = await createDatabase()
  const pool = openPool({ databaseUrl: url, size: 10 })
  await migrate(pool)
  const closes: (() => Promise<unknown>)[] = [() => pool.end()]
  afterAll(async () => {
    for (const close of closes.toReversed()) await close()
  })
  const started: PlannedRun[] = []
  let away: Error | null = null
  let read = asItIs
  const trigger = {
    source: { name: 'test' },
    workflow: 'tested',
    when: () => true,
    read: (data: unknown) => ({ data: read(data), summary: 'A test' }),
  }
  const dispatcher = createDispatcher({
    pool,
    catalogue: { tests: trigger, others: { ...trigger, read: (data) => ({ data, summary: '' }) } },
    startRun: (run) => {
      if (away !== null) return Promise.reject(away)
      started.push(run)
      return Promise.resolve()
    },
    wake: () => undefined,
    log,
  })

  return {
    pool,
    url,
    log,
    dispatcher,
    started,
    acceptAll: createAccept(pool, () => undefined),
    accept: alone(createAccept(pool, () => undefined)),
    acceptElsewhere,
    sweep,
    replay: () => keep(createReplayer({ pool, dispatcher, log })),
    dispatched,
    find,
    /** What starts runs rejects with this; works where null. */
    setAway: (error: Error | null) => void (away = error),
    /** How the trigger `tests` reads; that of `others` takes everything. */
    setRead: (next: typeof read) => void (read = next),
  }

  /** Another process, as far as the inbox knows. */
  function acceptElsewhere() {
    const others = openPool({ databaseUrl: url, size: 10 })
    closes.push(() => others.end())
    return alone(createAccept(others, () => undefined))
  }

  function keep<Loop extends { stop(): Promise<void> }>(loop: Loop): Loop {
    closes.push(() => loop.stop())
    return loop
  }

  /** Takes up what is open, without the head start of its process. */
  async function sweep() {
    await pool.query('update events set dispatch_after = now() where dispatch_after is not null')
    return keep(createSweeper({ pool, dispatcher, log }))
  }

  async function find(id: string): Promise<StoredEvent> {
    const event = await findEvent(pool, { tenant: 'default', id })
    if (event === null) throw new Error(`There is no event ${id}.`)
    return event
  }

  /** Sweeps until the event is dispatched, and answers it. */
  async function dispatched(id: string): Promise<StoredEvent> {
    const sweeper = await sweep()
    const event = await until(`${id} to be dispatched`, async () => {
      const found = await find(id)
      return found.state === 'dispatched' && found
    })
    await sweeper.stop()
    return event
  }
}

const asItIs = (data: unknown): unknown => data

/** Offers each event as a request of its own. */
export function alone(acceptAll: Accept) {
  return async (event: ReceivedEvent): Promise<Accepted> => {
    const [outcome] = await acceptAll({ events: [event] })
    if (outcome === undefined) throw new Error('Expected an answer to the event, received none.')
    return outcome
  }
}
