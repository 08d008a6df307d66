import type { Logger } from 'pino'
import type { Pool } from 'pg'
import { createLoop, type Loop } from '../store/loop.ts'
import { type Dispatcher, waitingReasonOf } from './dispatch.ts'
import { dispatchRows, insertDispatches, runRows, type Settlement } from './settle.ts'
import { EVENT_COLUMNS, type EventRow, toEvent } from './stored-event.ts'

const INTERVAL_MS = 500
const EVENTS_AT_ONCE = 32

// The replay's row is the clock of its pace, whoever looks at it: what was missed is caught up for one second at most.
// Whoever claims an event has it for 30 s; after a crash another process takes it up then. Positions follow one another, so
// that a range of them bounds what is read: a planner that knows no numbers would sort the whole replay each time.
const CLAIM = `
with due as (
  select id, event_id is null as of_many, per_second, greatest(next_at, now() - interval '1 second') as since from replays
   where next_at <= now() order by next_at limit 1 for update skip locked
), first as (
  select id, (select position from replay_events where replay_id = due.id and claimed_until <= now()
               order by position limit 1) as position from due
), free as (
  select items.*, row_number() over (order by items.position) as place
    from first, lateral (
         select replay_id, position, event_id from replay_events items
          where replay_id = first.id and items.position >= first.position
            and items.position < first.position + ${EVENTS_AT_ONCE} and claimed_until <= now()
            for update skip locked) items
), taken as (
  select free.* from free, due where place <= 1 + floor(extract(epoch from now() - since) * per_second)
), claimed as (
  update replay_events items set claimed_until = now() + interval '30 seconds'
   where items.replay_id = (select id from due) and items.position = any (array(select position from taken))
), counted as (
  select count(*) as taken, (select position from replay_events where replay_id = (select id from due)
                              order by position limit 1) is not null as any_left
    from taken
), moved as (
  update replays set
         next_at = case when counted.taken > 0 then due.since + make_interval(secs => counted.taken / due.per_second)
                        when counted.any_left then now() + interval '1 second' end,
         finished_at = case when not counted.any_left then now() end
    from due, counted where replays.id = due.id
)
select taken.replay_id, (select of_many from due), taken.position, event.*,
       (select json_object_agg(trigger, run_id) from dispatches
         where event_id = event.id and replay = '' and dispatches.state = 'started') as runs
  from taken, lateral (select ${EVENT_COLUMNS} from events where events.id = taken.event_id limit 1) event`

// What nobody could start leaves its claim behind at once: an outage costs its length, and not half a minute more.
const LET_GO = `
update replay_events set claimed_until = now()
 where replay_id = $1 and position = any ($2)`

// A worker may have reported the run before this: then its row is there, and lacks only what it repeats. What cannot be
// read is in quarantine like any other dispatch, and waits there for an operator.
const SETTLE = `
with dispatched as (${insertDispatches()}), begun as (
  insert into runs (id, tenant, workflow, source, trigger, event_id, replay_of, summary, started_at, status_at)
  select id, tenant, workflow, source, trigger, event_id, replay_of, summary, date_trunc('milliseconds', now()), '-infinity'
    from json_to_recordset($2) as planned (id text, tenant text, workflow text, source text, trigger text,
         event_id text, replay_of text, summary text)
   order by id
      on conflict (id) do update set replay_of = excluded.replay_of where runs.replay_of is null
), holding as (
  update events set held = true where id = any ($5)
)
delete from replay_events where replay_id = $3 and position = any ($4)`

/**
 * Works replays off at their pace. Any number of processes may: no two take the same event, and what one has started
 * and not written down is started again under the same id.
 */
export function createReplayer({
  pool,
  dispatcher,
  log,
}: {
  pool: Pool
  dispatcher: Dispatcher
  log: Logger
}): Loop {
  return createLoop({ name: 'replayer', intervalMs: INTERVAL_MS, round, log })

  async function round(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { rows } = await pool.query<ClaimedRow>({ name: 'claim-replays', text: CLAIM })
      if (rows.length === 0) return
      await repeatAll(rows)
    }
  }

  async function repeatAll(rows: ClaimedRow[]): Promise<void> {
    const away: { row: ClaimedRow; error: unknown }[] = []
    const results = await Promise.all(
      rows.map((row) =>
        repeat(row).catch((error: unknown) => {
          if (waitingReasonOf(error) === 'temporal_unavailable') away.push({ row, error })
          // Its claim keeps it out of the way of the others for a while.
          else log.error({ err: error, eventId: row.id }, 'an event cannot be repeated')
          return null
        }),
      ),
    )
    const repeated = results.filter((result) => result !== null)
    const replayId = rows[0]?.replay_id ?? ''
    if (repeated.length > 0) await settle(replayId, repeated)
    const [first] = away
    if (first === undefined) return
    await pool.query(LET_GO, [replayId, away.map(({ row }) => row.position)])
    throw new Error('A replay waits for its next turn.', { cause: first.error })
  }

  async function repeat(row: ClaimedRow): Promise<Repeated> {
    const event = {
      ...toEvent(row),
      replay: { id: row.replay_id, ofMany: row.of_many, runs: row.runs ?? {} },
    }
    return { row, settlement: { event, dispatches: await dispatcher.start(event) } }
  }

  // All are of one replay, as they were claimed.
  async function settle(replayId: string, repeated: Repeated[]): Promise<void> {
    const settlements = repeated.map(({ settlement }) => settlement)
    await pool.query({
      name: 'settle-replays',
      text: SETTLE,
      values: [
        JSON.stringify(settlements.flatMap(dispatchRows)),
        JSON.stringify(settlements.flatMap(runRows)),
        replayId,
        repeated.map(({ row }) => row.position),
        settlements.flatMap(({ event, dispatches }) =>
          dispatches.some(({ state }) => state === 'quarantined') ? [event.id] : [],
        ),
      ],
    })
  }
}

type ClaimedRow = EventRow & {
  replay_id: string
  of_many: boolean
  position: number
  runs: Record<string, string> | null
}

interface Repeated {
  row: ClaimedRow
  settlement: Settlement
}
