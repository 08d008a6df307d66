import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Pool } from 'pg'
import type { EventState, WaitingReason } from '../contracts/event.ts'
import { createLoop, type Loop } from '../store/loop.ts'
import { type Dispatcher, waitingReasonOf } from './dispatch.ts'
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
  ${leaveStates(`events.id = $1 and events.dispatch_after is not null and events.state <> 'waiting'`)}
)
update events set state = 'waiting', reason = $2, state_by = null,
       state_at = case when state = 'waiting' then state_at else now() end,
       dispatch_after = now() + least(greatest((now() - received_at) / 10, interval '1 second'), interval '30 seconds')
 where id = $1 and dispatch_after is not null`

// Says of the events behind a failed probe that they wait, in the order of their turn, which stays as it is. Few at a
// time: accepting must not pay for an outage.
const MARK = `
update events set state = 'waiting', state_at = now(), reason = 'temporal_unavailable'
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
  isRush = () => false,
  onChanged = () => undefined,
  log,
}: {
  pool: Pool
  dispatcher: Pick<Dispatcher, 'dispatch'>
  /** Whether so many senders wait that only a few events are taken up in each round. */
  isRush?: () => boolean
  /** Is told what so many events have come to, for metrics. */
  onChanged?: (state: EventState, count: number) => void
  log: Logger
}): Loop {
  let atOnce = EVENTS_AT_ONCE
  let markedUntil = '-infinity'

  return createLoop({ name: 'sweeper', intervalMs: INTERVAL_MS, round, log })

  // Takes up as many as become free, so that one slow start holds up nobody else. After the first failure nothing more
  // is taken up in this round, and in a rush nothing after the first: senders give up sooner than events do.
  async function round(signal: AbortSignal): Promise<void> {
    const inHand = new Set<Promise<void>>()
    const sweep: Sweep = { failure: undefined, anyStarted: false }
    let hasClaimed = false
    try {
      while (!signal.aborted && sweep.failure === undefined) {
        const free = atOnce - inHand.size
        const rows = free > 0 && !(hasClaimed && isRush()) ? await claim(free) : []
        hasClaimed = true
        for (const row of rows) {
          const work: Promise<void> = carryOut(row, sweep)
            .catch((error: unknown) => void (sweep.failure ??= { error, isAway: false }))
            .finally(() => inHand.delete(work))
          inHand.add(work)
        }
        if (inHand.size === 0) return
        // Where nothing more was due, more may be by then.
        await Promise.race(
          rows.length < free ? [...inHand, sleep(INTERVAL_MS, undefined, { ref: false })] : inHand,
        )
      }
    } finally {
      await Promise.all(inHand)
    }
    const { failure, anyStarted } = sweep
    if (failure === undefined) return
    if (failure.isAway && !anyStarted) await waitOut()
    throw new Error('Events wait for the next sweep.', { cause: failure.error })
  }

  async function claim(most: number): Promise<ClaimedRow[]> {
    const { rows } = await pool.query<ClaimedRow>({
      name: 'claim-events',
      text: CLAIM,
      values: [most],
    })
    const late = rows.filter(({ expired }) => expired).map(({ id }) => id)
    if (late.length === 0) return rows
    const { rowCount } = await pool.query(EXPIRE, [late])
    onChanged('expired', rowCount ?? 0)
    return rows.filter(({ expired }) => !expired)
  }

  async function carryOut(row: ClaimedRow, sweep: Sweep): Promise<void> {
    try {
      const dispatches = await dispatcher.dispatch(toClaimed(row))
      // An event that nothing means does not tell that Temporal is back.
      if (!dispatches.some(({ state }) => state === 'started')) return
      sweep.anyStarted = true
      atOnce = EVENTS_AT_ONCE
    } catch (error) {
      const reason = waitingReasonOf(error)
      if (reason === 'temporal_unavailable') sweep.failure ??= { error, isAway: true }
      else if (!row.delayed)
        log.error({ err: error, eventId: row.id }, 'an event cannot be started')
      await putOff(row, reason)
    }
  }

  async function putOff({ id, delayed }: ClaimedRow, reason: WaitingReason): Promise<void> {
    await pool.query({ name: 'put-off-event', text: RELEASE, values: [id, reason] })
    if (!delayed) onChanged('waiting', 1)
  }

  async function waitOut(): Promise<void> {
    if (atOnce === EVENTS_AT_ONCE) markedUntil = '-infinity'
    atOnce = PROBES_AT_ONCE
    const { rows } = await pool.query<{ dispatch_after: string }>(MARK, [markedUntil])
    onChanged('waiting', rows.length)
    for (const { dispatch_after: due } of rows) if (due > markedUntil) markedUntil = due
  }
}

/** What one round has come to so far. */
interface Sweep {
  /** The first thing that went wrong for more than one event. */
  failure: { error: unknown; isAway: boolean } | undefined
  anyStarted: boolean
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
