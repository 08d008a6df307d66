import type { Logger } from 'pino'
import type { Pool } from 'pg'
import type { EventState, WaitingReason } from '../contracts/event.ts'
import { createLoop, type Loop } from '../store/loop.ts'
import { type Dispatcher, RunNotStarted } from './dispatch.ts'
import { EVENT_COLUMNS, type EventRow, toEvent } from './stored-event.ts'
import type { InboxEvent } from './events-table.ts'
import { leaveStates } from './history.ts'

const INTERVAL_MS = 500
const EVENTS_AT_ONCE = 32
// During an outage one event asks whether it is over, so that the others keep their places.
const PROBES_AT_ONCE = 1

// Whoever claims an event has it for 30 s; after a crash another sweeper takes it up then. The oldest come first: what
// nobody has tried yet is due 2 s after it came.
const CLAIM = `
update events set dispatch_after = now() + interval '30 seconds'
 where id in (select id from events where dispatch_after <= now()
               order by dispatch_after limit $1 for update skip locked)
returning ${EVENT_COLUMNS}, state <> 'accepted' or state_at > received_at as delayed,
          coalesce(expires_at <= now(), false) as expired,
          exists (select from event_states was where was.event_id = events.id and was.state = 'dispatched') as again,
          (select array_agg(trigger) from dispatches
            where event_id = events.id and replay = '' and dispatches.state = 'started') as started`

const EXPIRE = `
with left_behind as (${leaveStates('events.id = any ($1) and events.dispatch_after is not null')})
update events set state = 'expired', state_at = now(), state_by = null, reason = 'too_late', dispatch_after = null
 where id = any ($1) and dispatch_after is not null`

// What cannot be dispatched waits a tenth of its age, so that one that never can be is in nobody's way.
const RELEASE = `
with left_behind as (
  ${leaveStates(`events.id = any ($1) and events.dispatch_after is not null and events.state <> 'waiting'`)}
)
update events set state = 'waiting', reason = $2, state_by = null,
       state_at = case when state = 'waiting' then state_at else now() end,
       dispatch_after = now() + least(greatest((now() - received_at) / 10, interval '1 second'), interval '30 seconds')
 where id = any ($1) and dispatch_after is not null`

// Says of the events behind a failed probe that they wait, in the order of their turn, which stays as it is. Few at a
// time: accepting must not pay for an outage.
const MARK = `
update events set state = 'waiting', state_at = now(), reason = $2
  from (select id from events where dispatch_after between $1 and now() and state = 'accepted'
           and state_at = received_at order by dispatch_after limit 200 for update skip locked) due
 where events.id = due.id
returning dispatch_after`

/**
 * Dispatches what the accepting process did not: events beyond its capacity, of an outage, or of a process that died.
 * Any number of sweepers may run; no two take the same event.
 */
export function createSweeper({
  pool,
  dispatcher,
  onChanged = () => undefined,
  log,
}: {
  pool: Pool
  dispatcher: Dispatcher
  /** Is told what so many events have come to, for metrics. */
  onChanged?: (state: EventState, count: number) => void
  log: Logger
}): Loop {
  let atOnce = EVENTS_AT_ONCE
  let markedUntil = '-infinity'

  return createLoop({ name: 'sweeper', intervalMs: INTERVAL_MS, round, log })

  async function round(signal: AbortSignal): Promise<void> {
    for (;;) {
      const taken = atOnce
      const rows = await claim(taken)
      await expire(rows.filter(({ expired }) => expired))
      await dispatchAll(rows.filter(({ expired }) => !expired).map(toClaimed))
      if (rows.length < taken || signal.aborted) return
    }
  }

  async function claim(most: number): Promise<ClaimedRow[]> {
    const { rows } = await pool.query<ClaimedRow>({
      name: 'claim-events',
      text: CLAIM,
      values: [most],
    })
    return rows
  }

  async function expire(rows: ClaimedRow[]): Promise<void> {
    if (rows.length === 0) return
    const { rowCount } = await pool.query(EXPIRE, [rows.map(({ id }) => id)])
    onChanged('expired', rowCount ?? 0)
  }

  async function dispatchAll(events: InboxEvent[]): Promise<void> {
    const results = await Promise.allSettled(events.map((event) => dispatcher.dispatch(event)))
    const failure = results.find((result) => result.status === 'rejected')
    if (failure === undefined) {
      if (events.length > 0) atOnce = EVENTS_AT_ONCE
      return
    }
    const failed = events.filter((_, index) => results[index]?.status === 'rejected')
    const reason = reasonOf(failure.reason)
    await pool.query(RELEASE, [failed.map(({ id }) => id), reason])
    onChanged('waiting', failed.filter(({ delayed }) => delayed !== true).length)
    if (failed.length === events.length) await waitOut(reason)
    throw new Error('Events wait for the next sweep.', { cause: failure.reason })
  }

  async function waitOut(reason: WaitingReason): Promise<void> {
    if (atOnce === EVENTS_AT_ONCE) markedUntil = '-infinity'
    atOnce = PROBES_AT_ONCE
    const { rows } = await pool.query<{ dispatch_after: string }>(MARK, [markedUntil, reason])
    onChanged('waiting', rows.length)
    for (const { dispatch_after: due } of rows) if (due > markedUntil) markedUntil = due
  }
}

type ClaimedRow = EventRow & {
  delayed: boolean
  expired: boolean
  again: boolean
  started: string[] | null
}

const toClaimed = (row: ClaimedRow): InboxEvent => ({
  ...toEvent(row),
  ...(row.delayed ? { delayed: true } : {}),
  ...(row.again ? { again: true } : {}),
  ...(row.started === null ? {} : { started: row.started }),
})

const reasonOf = (error: unknown): WaitingReason =>
  error instanceof RunNotStarted ? 'temporal_unavailable' : 'dispatch_failed'
