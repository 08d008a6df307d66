import type { Pool } from 'pg'
import { storableText } from '../store/text.ts'
import { createGroup } from '../store/group.ts'
import { answerWaits } from '../runs/look-back.ts'
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
// An event that somebody waits for is left open and told of: its waits are answered first. A wait that is committed
// before this statement is found here; one that comes later looks back and finds the event.
const SETTLE = `
with happened as (
  select * from json_to_recordset($3) as happened (
         id text, tenant text, type text, subject text, held boolean, generation int, delayed boolean, again boolean,
         answered boolean)
), awaited as (
  select waits.id as wait_id, waits.run_id, waits.opened_at, happened.id as event_id
    from happened join events on events.id = happened.id and events.generation = happened.generation
     and events.dispatch_after is not null
    join waits on waits.kind = 'event' and waits.resolved_at is null
     and (waits.expires_at is null or waits.expires_at > now())
     and waits.tenant = happened.tenant and waits.event_type = happened.type
     and (waits.event_subject is null or waits.event_subject = happened.subject)
   where not happened.answered and happened.again is null
     and not exists (select from waits earlier
                      where earlier.run_id = waits.run_id and earlier.resolved_by = happened.id)
     and not exists (select from json_to_recordset($2) as planned (id text, event_id text)
                      where planned.id = waits.run_id and planned.event_id = happened.id)
), left_behind as (
  ${leaveStates(`events.dispatch_after is not null
     and (events.id, events.generation) in (select id, generation from happened where delayed)
     and events.id not in (select event_id from awaited)`)}
), closed as (
  update events set state = 'dispatched', state_at = now(), state_by = null, reason = null, held = happened.held,
         dispatch_after = null
    from happened where events.id = happened.id and events.generation = happened.generation
     and events.dispatch_after is not null and events.id not in (select event_id from awaited)
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
)
select event_id, wait_id, run_id from awaited order by opened_at, wait_id`

/** An event that an open wait of a run is for. */
interface Awaited {
  event_id: string
  wait_id: string
  run_id: string
}

/** Settles events, many in one statement; those that somebody waits for take a few more. */
export function createSettle(pool: Pool): Settle {
  const group = createGroup({
    write: (settlements: Settlement[]) => write(pool, settlements),
    statementsAtOnce: 2,
    itemsPerStatement: 200,
  })
  return (settlement) => group.add(settlement)
}

async function write(pool: Pool, settlements: Settlement[]): Promise<string[][]> {
  const awaited = await writeDown(pool, settlements, { answered: false })
  if (awaited.length === 0) return settlements.map(() => [])
  const ended = new Set<string>()
  for (const [runId, waits] of Map.groupBy(awaited, (each) => each.run_id)) {
    const waitIds = [...new Set(waits.map((each) => each.wait_id))]
    const eventIds = [...new Set(waits.map((each) => each.event_id))]
    for (const id of await answerWaits(pool, { runId, waitIds, eventIds })) ended.add(id)
  }
  const idsOf = Map.groupBy(awaited, (each) => each.event_id)
  const open = settlements.filter(({ event }) => idsOf.has(event.id))
  await writeDown(pool, open, { answered: true })
  // Whoever waits for several of them is told of once.
  return settlements.map(({ event }) =>
    (idsOf.get(event.id) ?? []).map((each) => each.wait_id).filter((id) => ended.delete(id)),
  )
}

async function writeDown(
  pool: Pool,
  settlements: Settlement[],
  { answered }: { answered: boolean },
): Promise<Awaited[]> {
  const { rows } = await pool.query<Awaited>({
    name: 'settle-events',
    text: SETTLE,
    values: [
      JSON.stringify(settlements.flatMap(dispatchRows)),
      JSON.stringify(settlements.flatMap(runRows)),
      JSON.stringify(settlements.map((settlement) => ({ ...happenedRow(settlement), answered }))),
    ],
  })
  return rows
}

const happenedRow = ({ event, dispatches }: Settlement) => {
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
