import type { Pool } from 'pg'
import { storableText } from '../store/text.ts'
import { createGroup } from '../store/group.ts'
import type { InboxEvent } from './events-table.ts'
import { leaveStates } from './history.ts'
import type { PlannedRun } from './plan.ts'

/** What dispatching one event has come to. */
export interface Settlement {
  event: InboxEvent
  dispatches: Settled[]
}

/** What became of one event meeting one trigger. */
export type Settled =
  | { state: 'started'; trigger: string; run: PlannedRun }
  | { state: 'quarantined'; trigger: string; reason: string; message: string }

/** Writes down what dispatching came to, closes the event and resolves the waits for it. Answers the waits' ids. */
export type Settle = (settlement: Settlement) => Promise<string[]>

/** The part of a statement that writes dispatches from its first parameter: those that fulfil the condition. */
export const insertDispatches = (which = 'true'): string => `
  insert into dispatches (event_id, trigger, replay, state, run_id, reason, message)
  select event_id, trigger, coalesce(replay, ''), state, run_id, reason, message
    from json_to_recordset($1) as settled (
         event_id text, trigger text, replay text, state text, run_id text, reason text, message text)
   where ${which}
      on conflict (event_id, trigger, replay) do nothing`

// What an operator has decided meanwhile stands: then the event is not closed, and only what has started is written down.
// A wait that is committed before this statement is found here; one that comes later looks back and finds the event.
const SETTLE = `
with happened as (
  select * from json_to_recordset($3) as happened (
         id text, tenant text, type text, subject text, held boolean, generation int, delayed boolean, again boolean)
), left_behind as (
  ${leaveStates(`events.dispatch_after is not null
     and (events.id, events.generation) in (select id, generation from happened where delayed)`)}
), closed as (
  update events set state = 'dispatched', state_at = now(), state_by = null, reason = null, held = happened.held,
         dispatch_after = null
    from happened where events.id = happened.id and events.generation = happened.generation
     and events.dispatch_after is not null
  returning events.id
), dispatched as (
  ${insertDispatches(`settled.state = 'started' or settled.event_id in (select id from closed)`)}
), begun as (
  insert into runs (id, tenant, workflow, source, trigger, event_id, summary, started_at, status_at)
  select id, tenant, workflow, source, trigger, event_id, summary, date_trunc('milliseconds', now()), '-infinity'
    from json_to_recordset($2) as planned (
         id text, tenant text, workflow text, source text, trigger text, event_id text, summary text)
   order by id
      on conflict (id) do nothing
), matching as (
  select distinct on (waits.run_id, happened.id) waits.id as wait_id, happened.id as event_id
    from happened join closed using (id)
    join waits on waits.kind = 'event' and waits.resolved_at is null
     and (waits.expires_at is null or waits.expires_at > now())
     and waits.tenant = happened.tenant and waits.event_type = happened.type
     and (waits.event_subject is null or waits.event_subject = happened.subject)
   where happened.again is null
     and not exists (select from waits earlier
                      where earlier.run_id = waits.run_id and earlier.resolved_by = happened.id)
     and not exists (select from json_to_recordset($2) as planned (id text, event_id text)
                      where planned.id = waits.run_id and planned.event_id = happened.id)
   order by waits.run_id, happened.id, waits.opened_at
), locked as (
  select id from waits where id in (select wait_id from matching) order by id for update
)
update waits set resolved_at = now(), resolved_by = matching.event_id, wake_after = now() + interval '2 seconds'
  from matching join locked on locked.id = matching.wait_id
 where waits.id = matching.wait_id and waits.resolved_at is null
returning matching.event_id, waits.id as wait_id`

/** Settles events, many in one statement. */
export function createSettle(pool: Pool): Settle {
  const group = createGroup({
    write: (settlements: Settlement[]) => write(pool, settlements),
    statementsAtOnce: 2,
    itemsPerStatement: 200,
  })
  return (settlement) => group.add(settlement)
}

async function write(pool: Pool, settlements: Settlement[]): Promise<string[][]> {
  const { rows } = await pool.query<{ event_id: string; wait_id: string }>({
    name: 'settle-events',
    text: SETTLE,
    values: [
      JSON.stringify(settlements.flatMap(dispatchRows)),
      JSON.stringify(settlements.flatMap(runRows)),
      JSON.stringify(settlements.map(happenedRow)),
    ],
  })
  return settlements.map(({ event }) =>
    rows.filter((row) => row.event_id === event.id).map((row) => row.wait_id),
  )
}

const happenedRow = ({ event, dispatches }: Settlement): unknown => {
  const { id, tenant, type, subject, generation = 0, delayed, again } = event
  const held = dispatches.some(({ state }) => state === 'quarantined')
  return { id, tenant, type, subject, held, generation, delayed, again }
}

/** What dispatches are written from. */
export const dispatchRows = ({ event, dispatches }: Settlement): unknown[] =>
  dispatches.map((settled) =>
    settled.state === 'started'
      ? {
          event_id: event.id,
          replay: event.replay?.id,
          trigger: settled.trigger,
          state: settled.state,
          run_id: settled.run.id,
        }
      : {
          event_id: event.id,
          replay: event.replay?.id,
          ...settled,
          message: storableText(settled.message),
        },
  )

/** What runs are written from. */
export const runRows = ({ event, dispatches }: Settlement): unknown[] =>
  dispatches.flatMap((settled) => {
    if (settled.state !== 'started') return []
    const { id, workflow, summary, input } = settled.run
    const { tenant, source } = event
    return [
      {
        id,
        tenant,
        workflow,
        source,
        trigger: settled.trigger,
        event_id: event.id,
        replay_of: input.replayOf,
        summary,
      },
    ]
  })
