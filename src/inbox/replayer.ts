import type { Logger } from 'pino'
import type { Pool } from 'pg'
import { createLoop, type Loop } from '../store/loop.ts'
import type { Dispatcher } from './dispatch.ts'
import { dispatchRows, INSERT_DISPATCHES, runRows, type Settlement } from './settle.ts'
import { EVENT_COLUMNS, type EventRow, toEvent } from './stored-event.ts'

const INTERVAL_MS = 500
const EVENTS_AT_ONCE = 32

// The replay's row is the clock of its pace, whoever looks at it: what was missed is caught up for one second at most.
// Whoever claims an event has it for 30 s; after a crash another process takes it up then.
const CLAIM = `
with due as (
  select id, per_second, greatest(next_at, now() - interval '1 second') as since from replays
   where next_at <= now() order by next_at limit 1 for update skip locked
), taken as (
  select items.replay_id, items.position, items.event_id from replay_events items, due
   where items.replay_id = due.id and items.claimed_until < now()
   order by items.position
   limit (select least(${EVENTS_AT_ONCE}, 1 + floor(extract(epoch from now() - since) * per_second))::int from due)
     for update of items skip locked
), claimed as (
  update replay_events items set claimed_until = now() + interval '30 seconds'
    from taken where items.replay_id = taken.replay_id and items.position = taken.position
), counted as (
  select count(*) as taken, exists (select from replay_events, due where replay_id = due.id) as any_left from taken
), moved as (
  update replays set
         next_at = case when counted.taken > 0 then due.since + make_interval(secs => counted.taken / due.per_second)
                        when counted.any_left then now() + interval '1 second' end,
         finished_at = case when not counted.any_left then now() end
    from due, counted where replays.id = due.id
)
select taken.replay_id, taken.position, ${EVENT_COLUMNS},
       (select json_object_agg(trigger, run_id) from dispatches
         where event_id = events.id and replay = '' and dispatches.state = 'started') as runs
  from taken join events on events.id = taken.event_id`

// A worker may have reported the run before this: then its row is there, and lacks only what it repeats.
const SETTLE = `
with dispatched as (${INSERT_DISPATCHES}), begun as (
  insert into runs (id, tenant, workflow, source, trigger, event_id, replay_of, summary, started_at, status_at)
  select id, tenant, workflow, source, trigger, event_id, replay_of, summary, date_trunc('milliseconds', now()), '-infinity'
    from json_to_recordset($2) as planned (id text, tenant text, workflow text, source text, trigger text,
         event_id text, replay_of text, summary text)
   order by id
      on conflict (id) do update set replay_of = excluded.replay_of where runs.replay_of is null
)
delete from replay_events using json_to_recordset($3) as done (replay_id text, position int)
 where replay_events.replay_id = done.replay_id and replay_events.position = done.position`

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
    const results = await Promise.allSettled(rows.map(repeat))
    const settled = results.flatMap((result) =>
      result.status === 'fulfilled' ? [result.value] : [],
    )
    if (settled.length > 0) await settle(settled)
    const failure = results.find((result) => result.status === 'rejected')
    if (failure === undefined) return
    throw new Error('A replay waits for its next turn.', { cause: failure.reason })
  }

  async function repeat(row: ClaimedRow): Promise<Repeated> {
    const event = { ...toEvent(row), replay: { id: row.replay_id, runs: row.runs ?? {} } }
    return { row, settlement: { event, dispatches: await dispatcher.start(event) } }
  }

  async function settle(repeated: Repeated[]): Promise<void> {
    const settlements = repeated.map(({ settlement }) => settlement)
    await pool.query({
      name: 'settle-replays',
      text: SETTLE,
      values: [
        JSON.stringify(settlements.flatMap(dispatchRows)),
        JSON.stringify(settlements.flatMap(runRows)),
        JSON.stringify(
          repeated.map(({ row: { replay_id, position } }) => ({ replay_id, position })),
        ),
      ],
    })
  }
}

type ClaimedRow = EventRow & {
  replay_id: string
  position: number
  runs: Record<string, string> | null
}

interface Repeated {
  row: ClaimedRow
  settlement: Settlement
}
