import type { Pool } from 'pg'
import type { NewRunEvent, StoredRunEvent } from '../contracts/run.ts'
import { storableText } from '../store/text.ts'
import { type Change, changesOf } from './changes.ts'

/** The channel on which processes tell each other which runs have news: a JSON array of run ids, or `*` for any. */
export const NEWS_CHANNEL = 'run_events'

// The row of a run that an event started is there already; a scheduled run brings its own.
const BEGIN = `
insert into runs (id, tenant, workflow, source, trigger, event_id, summary, started_at, status_at)
select id, tenant, workflow, source, trigger, event_id, summary, started_at, '-infinity'
  from json_to_recordset($1) as started (
       id text, tenant text, workflow text, source text, trigger text, event_id text, summary text,
       started_at timestamptz)
 order by id
    on conflict (id) do nothing`

// Locks the runs in the order of their ids, so that two processes that report of the same runs cannot deadlock, and
// raises each run's counter in the inserting transaction: what a reader has seen up to a number stays complete.
// News that are older than what the run shows change nothing, nor does anything after the end. What runs say travels
// as text and becomes JSON in the end: a record set of JSON cannot hold NUL, which models may write.
const APPEND = `
with incoming as (
  select * from rows from (json_to_recordset($1) as (
         run_id text, key text, type text, wait text, data text, at timestamptz)) with ordinality
      as incoming (run_id, key, type, wait, data, at, position)
), locked as (
  select id, last_seq, ended_at, status_at from runs
   where id in (select run_id from incoming) order by id for update
), fresh as (
  select distinct on (run_id, key) incoming.* from incoming
   where not exists (select from run_events known
                      where known.run_id = incoming.run_id and known.key = incoming.key)
   order by run_id, key, position
), numbered as (
  select fresh.*, locked.last_seq + row_number() over (partition by run_id order by position) as seq
    from fresh join locked on locked.id = fresh.run_id
), news as (
  select news.* from json_to_recordset($2) as news (
         run_id text, status text, waiting_for text, step text, final boolean, result text, failure text,
         at timestamptz)
    join locked on locked.id = news.run_id and locked.ended_at is null and locked.status_at <= news.at
), projected as (
  update runs set
         last_seq = top.seq,
         status = coalesce(news.status, runs.status),
         waiting_for = case when news.status is null then runs.waiting_for else news.waiting_for end,
         step = coalesce(news.step, runs.step),
         ended_at = case when news.final then news.at else runs.ended_at end,
         result = case when news.final then news.result::json else runs.result end,
         failure = case when news.final then news.failure::json else runs.failure end,
         status_at = coalesce(news.at, runs.status_at)
    from (select run_id, max(seq) as seq from numbered group by run_id) top
    left join news on news.run_id = top.run_id
   where runs.id = top.run_id
), acknowledged as (
  update waits set wake_after = null, resolved_at = coalesce(waits.resolved_at, now()),
         resolved_by = coalesce(waits.resolved_by, 'run')
    from numbered where numbered.type = 'run.resumed'
     and waits.run_id = numbered.run_id and waits.id = numbered.wait
), closed as (
  update waits set resolved_at = now(), resolved_by = 'run', wake_after = null
    from numbered where numbered.type in ('run.completed', 'run.failed', 'run.cancelled')
     and waits.run_id = numbered.run_id and waits.resolved_at is null
), told as (
  select pg_notify('${NEWS_CHANNEL}', case when length(runs.ids) < 7000 then runs.ids else '*' end)
    from (select json_agg(distinct run_id)::text as ids from numbered) runs where runs.ids is not null
), inserted as (
  insert into run_events (run_id, seq, key, type, data, at)
  select run_id, seq, key, type, data::json, at from numbered
      on conflict (run_id, key) do nothing
  returning run_id
)
select distinct run_id as "runId" from inserted, (select count(*) from told) told`

/** Appends events in one statement; answers the runs that have news. Repeating it adds nothing. */
export async function appendEvents(pool: Pool, events: NewRunEvent[]): Promise<string[]> {
  const starts = events.flatMap(startRow)
  if (starts.length > 0) {
    await pool.query({ name: 'begin-runs', text: BEGIN, values: [JSON.stringify(starts)] })
  }
  const result = await pool.query<{ runId: string }>({
    name: 'append-run-events',
    text: APPEND,
    values: [
      JSON.stringify(events.map(eventRow)),
      JSON.stringify(changesOf(events).map(changeRow)),
    ],
  })
  return result.rows.map(({ runId }) => runId)
}

/** The events of a run after `after`, at most `limit`, in order. */
export async function readEvents(
  pool: Pool,
  { runId, after, limit }: { runId: string; after: number; limit: number },
): Promise<StoredRunEvent[]> {
  const { rows } = await pool.query<StoredRunEvent>({
    name: 'read-run-events',
    text: `select run_id as "runId", seq, type, data, at from run_events
            where run_id = $1 and seq > $2 order by seq limit $3`,
    values: [runId, after, limit],
  })
  return rows
}

const eventRow = ({ runId, key, type, data, at }: NewRunEvent): unknown => ({
  run_id: runId,
  key: storableText(key),
  type,
  wait: 'wait' in data ? data.wait : null,
  data: JSON.stringify(data),
  at,
})

const changeRow = ({ result, failure, ...change }: Change): unknown => ({
  ...change,
  result: JSON.stringify(result),
  failure: JSON.stringify(failure),
})

function startRow(event: NewRunEvent): unknown[] {
  if (event.type !== 'run.started') return []
  const { tenant, workflow, source, trigger, eventId, summary } = event.data
  return [
    {
      id: event.runId,
      tenant,
      workflow,
      source,
      trigger,
      event_id: eventId,
      summary: storableText(summary),
      started_at: event.at,
    },
  ]
}
