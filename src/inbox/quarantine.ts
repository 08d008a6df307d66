import type { Pool } from 'pg'

/** What became of what an operator wanted of an event. */
export type Act = 'done' | 'unknown' | 'not_possible'

/** Whose event it is, and who acts. */
interface ActOn {
  tenant: string
  id: string
  /** A person or a program. */
  by: string
}

// Why it was in quarantine stands with the event, or with each of its dispatches.
const LEAVE = `
  insert into event_states (event_id, at, state, reason, by)
  select id, state_at, state, coalesce(reason, (
           select string_agg(trigger || ': ' || dispatches.reason, ', ' order by trigger) from dispatches
            where event_id = old.id and dispatches.state = 'quarantined')), state_by
    from old where state <> 'accepted' or state_at > received_at
      on conflict (event_id, at) do nothing`

// What was started is not started again: only the quarantined dispatches are gone when the sweeper comes by, or, where a
// replay could not read the event, when that replay does. It counts its places on, as those of the events before are free.
const RELEASE = `
with old as (
  select *, state = 'quarantined' or exists (
           select from dispatches where event_id = events.id and replay = '' and dispatches.state = 'quarantined') as own
    from events where tenant = $1 and id = $2 and (state = 'quarantined' or held) for update
), left_behind as (${LEAVE}), original as (
  insert into deliveries (id, body) select id, body from old where $4::bytea is not null
      on conflict (id) do nothing
), reopened as (
  update replays set released = released + 1, next_at = coalesce(next_at, now()), finished_at = null
   where id in (select replay from dispatches join old on event_id = old.id where dispatches.state = 'quarantined')
  returning id, total + released as position
), repeated as (
  insert into replay_events (replay_id, event_id, position) select reopened.id, old.id, position from reopened, old
), cleared as (
  delete from dispatches using old
   where event_id = old.id and dispatches.state = 'quarantined'
     and (replay = '' or replay in (select id from reopened))
)
update events set generation = events.generation + 1, state = case when own then 'accepted' else old.state end,
       state_at = now(), state_by = $3, reason = null, held = false, expires_at = null,
       dispatch_after = case when own then now() end,
       body = coalesce($4, events.body), repaired = events.repaired or $4 is not null
  from old where events.id = old.id
returning events.id`

/**
 * Lets an event go that is in quarantine, or whose dispatches are. It is dispatched by the next sweep: to the triggers
 * that have not started a run for it. What a replay could not read becomes part of that replay again. A repaired body is read instead of the one that came, which stays kept.
 */
export async function release(
  pool: Pool,
  { tenant, id, by, body }: ActOn & { body?: Uint8Array },
): Promise<Act> {
  const { rows } = await pool.query(RELEASE, [tenant, id, by, body ?? null])
  return rows.length > 0 ? 'done' : whyNot(pool, { tenant, id })
}

// An event that has started a run stays dispatched: only what did not come of it is given up.
const DISCARD = `
with old as (
  select * from events where tenant = $1 and id = $2
     and (state in ('accepted', 'waiting', 'quarantined') or held) for update
), left_behind as (${LEAVE}), dropped as (
  update dispatches set state = 'discarded' from old
   where event_id = old.id and dispatches.state = 'quarantined'
)
update events set generation = events.generation + 1, held = false, dispatch_after = null, state_at = now(), state_by = $3, reason = $4,
       state = case when exists (select from dispatches where event_id = old.id and dispatches.state = 'started')
               then 'dispatched' else 'discarded' end
  from old where events.id = old.id
returning events.id`

/** Gives an event up that is not dispatched, or its dispatches that are in quarantine. */
export async function discard(
  pool: Pool,
  { tenant, id, by, reason }: ActOn & { reason?: string },
): Promise<Act> {
  const { rows } = await pool.query(DISCARD, [tenant, id, by, reason ?? null])
  return rows.length > 0 ? 'done' : whyNot(pool, { tenant, id })
}

async function whyNot(pool: Pool, { tenant, id }: { tenant: string; id: string }): Promise<Act> {
  const { rows } = await pool.query('select from events where tenant = $1 and id = $2', [
    tenant,
    id,
  ])
  return rows.length > 0 ? 'not_possible' : 'unknown'
}
