import { randomBytes } from 'node:crypto'
import type { Pool } from 'pg'

/** What is to be dispatched once more: one event, or all of a source, type and time range that were dispatched. */
export type ReplayRange =
  | { eventId: string }
  | {
      source: string
      /** Exact, or what it begins with, as `issues.*`. All types where absent. */
      type?: string
      /** ISO 8601; by the time of receipt, the second not included. */
      from: string
      to: string
    }

/** A replay as people see it. */
export interface Replay {
  /** Public id, `rpl_…`. */
  id: string
  eventId: string | null
  source: string | null
  type: string | null
  /** ISO 8601. */
  from: string | null
  to: string | null
  perSecond: number
  by: string
  state: 'running' | 'done' | 'cancelled'
  /** How many events it means, how many are done, how many runs that started, and how many could not be read. */
  total: number
  done: number
  started: number
  quarantined: number
  /** ISO 8601. */
  createdAt: string
  endedAt: string | null
  cancelledBy: string | null
}

/** How many events one replay takes: choosing them is one statement. */
export const MOST_EVENTS = 100_000

// Only what has been dispatched is repeated, and what expired before it could be: the rest still has its own way to go, or
// was let go by nobody. What retention is about to delete is left out.
const MAKE = `
with standing as (
  select id, received_at from events
   where tenant = $2 and ($3::text is null or (id = $3 and state in ('dispatched', 'expired', 'discarded')))
     and ($3::text is not null or (source = $4 and received_at >= $6 and received_at < $7
          and (state = 'dispatched' or (state = 'expired' and reason = 'too_late'))
          and ($5::text is null or type = $5 or ($5 like '%*' and starts_with(type, rtrim($5, '*'))))))
   limit ${MOST_EVENTS + 1} for key share skip locked
), chosen as (
  select id, row_number() over (order by received_at, id) as position from standing
), made as (
  insert into replays (id, tenant, event_id, source, type, from_at, to_at, per_second, by, total, next_at, finished_at)
  select $1, $2, $3, $4, $5, $6, $7, $8, $9, (select count(*) from chosen),
         case when exists (select from chosen) then now() end, case when not exists (select from chosen) then now() end
   where (select count(*) from chosen) <= ${MOST_EVENTS} and ($3::text is null or exists (select from chosen))
  returning id
), listed as (
  insert into replay_events (replay_id, event_id, position)
  select made.id, chosen.id, chosen.position from made, chosen
)
select exists (select from made) as made, (select count(*) from chosen)::int as total`

/** Has events dispatched once more, at so many a second. Each makes one new run for each trigger that means it. */
export async function createReplay(
  pool: Pool,
  {
    tenant,
    by,
    perSecond,
    range,
  }: { tenant: string; by: string; perSecond: number; range: ReplayRange },
): Promise<{ outcome: 'made'; id: string } | { outcome: 'too_large' | 'not_replayable' }> {
  const id = `rpl_${randomBytes(12).toString('hex')}`
  const one = 'eventId' in range
  const { source, type, from, to } = one
    ? { source: null, type: null, from: null, to: null }
    : { type: null, ...range }
  const { rows } = await pool.query<{ made: boolean; total: number }>(MAKE, [
    id,
    tenant,
    one ? range.eventId : null,
    source,
    type,
    from,
    to,
    perSecond,
    by,
  ])
  if (rows[0]?.made === true) return { outcome: 'made', id }
  return { outcome: (rows[0]?.total ?? 0) > MOST_EVENTS ? 'too_large' : 'not_replayable' }
}

const FIND = `
select id, event_id as "eventId", source, type, from_at as "from", to_at as "to", per_second as "perSecond", by,
       case when cancelled_at is not null then 'cancelled' when finished_at is not null then 'done' else 'running' end as state,
       total, total - skipped - rest.count as done, came.started, came.quarantined, created_at as "createdAt",
       coalesce(cancelled_at, finished_at) as "endedAt", cancelled_by as "cancelledBy"
  from replays,
       lateral (select count(*)::int as count from replay_events where replay_id = replays.id) rest,
       lateral (select count(*) filter (where state = 'started')::int as started,
                       count(*) filter (where state = 'quarantined')::int as quarantined
                  from dispatches where replay = replays.id and replay <> '') came
 where tenant = $1 and id = $2`

/** A replay with how far it is; null where the tenant has none of that id. */
export async function findReplay(
  pool: Pool,
  { tenant, id }: { tenant: string; id: string },
): Promise<Replay | null> {
  const { rows } = await pool.query<Replay>(FIND, [tenant, id])
  return rows[0] ?? null
}

const LIST = `
select id, event_id as "eventId", source, type, per_second as "perSecond", by,
       case when cancelled_at is not null then 'cancelled' when finished_at is not null then 'done' else 'running' end as state,
       total, total - skipped - rest.count as done,
       (select count(*)::int from dispatches
         where replay = newest.id and replay <> '' and dispatches.state = 'quarantined') as quarantined,
       created_at as "createdAt", coalesce(cancelled_at, finished_at) as "endedAt"
  from (select * from replays where tenant = $1 order by created_at desc, id limit $2) newest,
       lateral (select count(*)::int as count from replay_events where replay_id = newest.id) rest
 order by created_at desc, id`

/** A replay in the list of replays: without what takes long to count. */
export type ReplaySummary = Omit<Replay, 'from' | 'to' | 'started' | 'cancelledBy'>

/** The youngest replays with how far they are, the youngest first. */
export async function listReplays(
  pool: Pool,
  { tenant, limit }: { tenant: string; limit: number },
): Promise<ReplaySummary[]> {
  const { rows } = await pool.query<ReplaySummary>(LIST, [tenant, limit])
  return rows
}

const CANCEL = `
with cancelled as (
  update replays set cancelled_at = now(), cancelled_by = $3, next_at = null,
         skipped = (select count(*) from replay_events where replay_id = $2)
   where tenant = $1 and id = $2 and finished_at is null and cancelled_at is null
  returning id
)
delete from replay_events using cancelled where replay_id = cancelled.id`

/** Leaves out what a replay has not done yet. Changes nothing where it is over. */
export async function cancelReplay(
  pool: Pool,
  { tenant, id, by }: { tenant: string; id: string; by: string },
): Promise<void> {
  await pool.query(CANCEL, [tenant, id, by])
}
