import type { Logger } from 'pino'
import type { Pool } from 'pg'
import type { Dispatcher } from './dispatch.ts'
import type { InboxEvent } from './events-table.ts'
import { createLoop, type Loop } from '../store/loop.ts'

const INTERVAL_MS = 500
const EVENTS_AT_ONCE = 32

// Whoever claims an event has it for 30 s; after a crash another sweeper takes it up then. An event that could not be
// dispatched comes again with the next round.
const CLAIM = `
update events set dispatch_after = now() + interval '30 seconds'
 where id in (select id from events where dispatch_after <= now()
               order by dispatch_after limit $1 for update skip locked)
returning id, tenant, source, key, type, subject, time, hops, correlation_id, causation_id, content_type, body`

// What cannot be dispatched waits a tenth of its age: an outage ends within seconds for everybody.
const RELEASE = `
update events set dispatch_after =
       now() + least(greatest((now() - received_at) / 10, interval '1 second'), interval '30 seconds')
 where id = any ($1) and dispatch_after is not null`

/**
 * Dispatches what the accepting process did not: events beyond its capacity, of an outage, or of a process that died.
 * Any number of sweepers may run; no two take the same event.
 */
export function createSweeper({
  pool,
  dispatcher,
  log,
}: {
  pool: Pool
  dispatcher: Dispatcher
  log: Logger
}): Loop {
  return createLoop({ name: 'sweeper', intervalMs: INTERVAL_MS, round, log })

  async function round(signal: AbortSignal): Promise<void> {
    for (;;) {
      const events = await claim()
      await dispatchAll(events)
      if (events.length < EVENTS_AT_ONCE || signal.aborted) return
    }
  }

  async function claim(): Promise<InboxEvent[]> {
    const { rows } = await pool.query<EventRow>({
      name: 'claim-events',
      text: CLAIM,
      values: [EVENTS_AT_ONCE],
    })
    return rows.map(toEvent)
  }

  async function dispatchAll(events: InboxEvent[]): Promise<void> {
    const results = await Promise.allSettled(events.map((event) => dispatcher.dispatch(event)))
    const failure = results.find((result) => result.status === 'rejected')
    if (failure === undefined) return
    const failed = events.filter((_, index) => results[index]?.status === 'rejected')
    await pool.query(RELEASE, [failed.map(({ id }) => id)])
    throw new Error('Events wait for the next sweep.', { cause: failure.reason })
  }
}

interface EventRow {
  id: string
  tenant: string
  source: string
  key: string
  type: string
  subject: string | null
  time: string
  hops: number
  correlation_id: string
  causation_id: string | null
  content_type: string
  body: Buffer
}

const toEvent = (row: EventRow): InboxEvent => ({
  id: row.id,
  tenant: row.tenant,
  source: row.source,
  key: row.key,
  type: row.type,
  ...(row.subject === null ? {} : { subject: row.subject }),
  time: row.time,
  hops: row.hops,
  correlationId: row.correlation_id,
  ...(row.causation_id === null ? {} : { causationId: row.causation_id }),
  contentType: row.content_type,
  body: row.body,
})
