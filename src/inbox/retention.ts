import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Pool } from 'pg'
import { createLoop, type Loop } from '../store/loop.ts'
import { leaveStates } from './history.ts'

/** How long events are kept, in days. */
export interface Retention {
  /** After they were dispatched, discarded or expired. */
  days: number
  /** How long what is in quarantine can be released. */
  quarantineDays: number
  /** How long each source remembers its keys: an event lives at least as long. */
  windows: ReadonlyMap<string, number>
}

const INTERVAL_MS = 10 * 60_000
// Few rows a statement, and a pause after each: accepting shares the disk, the locks and the connections.
const ROWS_PER_STATEMENT = 500
const PAUSE_MS = 50
// A source that is gone may come back with its next deployment.
const DEFAULT_WINDOW = 7

// States that nothing leaves by itself.
const ENDED = ['dispatched', 'discarded', 'expired']

const TENANTS = `
with recursive tenants as (
  (select tenant from events order by tenant limit 1)
  union all
  select (select tenant from events where tenant > tenants.tenant order by tenant limit 1)
    from tenants where tenant is not null
)
select tenant from tenants where tenant is not null`

// Walks from the oldest to the youngest that may go, and never looks at a row twice in one walk. What a run, a wait or
// a replay still needs stays until the next walk.
const DELETE = `
with looked as (
  select id, received_at from events
   where tenant = $1 and state = $7 and (received_at, id) > ($2::timestamptz, $3) and received_at < now() - make_interval(days => $4)
   order by received_at, id limit ${ROWS_PER_STATEMENT}
), doomed as (
  select events.id, events.delivery_id from events join looked using (id)
    left join json_each_text($6) as window_of (source, days) on window_of.source = events.source
   where events.state = $7 and events.state_at < now() - make_interval(days => $4)
     and events.received_at < now() - make_interval(days => coalesce(window_of.days::int, ${DEFAULT_WINDOW}))
     and (not events.held or events.state_at < now() - make_interval(days => $5))
     and not exists (select from dispatches join runs on runs.id = dispatches.run_id
                      where dispatches.event_id = events.id and runs.ended_at is null)
     and not exists (select from waits where waits.wake_after is not null and waits.resolved_by = events.id)
     and not exists (select from replay_events where replay_events.event_id = events.id)
   order by events.id for update of events skip locked
), gone as (
  delete from events using doomed where events.id = doomed.id returning events.id
), gone_originals as (
  delete from deliveries where id = any (array(select id from doomed))
), gone_requests as (
  delete from deliveries where id = any (array(
    select delivery_id from (select distinct delivery_id from doomed where delivery_id is not null) of_doomed
     where (select id from events sibling where sibling.delivery_id = of_doomed.delivery_id
               and sibling.id <> all (array(select id from doomed)) limit 1) is null))
)
select (select count(*) from looked)::int as looked, (select count(*) from gone)::int as changed,
       last.received_at::text as at, last.id
  from (select received_at, id from looked order by received_at desc, id desc limit 1) last`

// An event is in a state no longer than it is there.
const EXPIRE = `
with looked as (
  select id, received_at from events
   where tenant = $1 and state = 'quarantined' and (received_at, id) > ($2::timestamptz, $3)
     and received_at < now() - make_interval(days => $4)
   order by received_at, id limit ${ROWS_PER_STATEMENT}
), old as (
  select events.id from events join looked using (id)
   where events.state = 'quarantined' and events.state_at < now() - make_interval(days => $4)
   order by events.id for update of events skip locked
), left_behind as (${leaveStates('events.id in (select id from old)')}
), gone as (
  update events set state = 'expired', state_at = now(), state_by = null, reason = 'not_released'
    from old where events.id = old.id returning events.id
)
select (select count(*) from looked)::int as looked, (select count(*) from gone)::int as changed,
       last.received_at::text as at, last.id
  from (select received_at, id from looked order by received_at desc, id desc limit 1) last`

// What it could not read is released into it again.
const TRIM = `
delete from replays where coalesce(finished_at, cancelled_at) < now() - make_interval(days => $1)
   and not exists (select from dispatches where replay = replays.id and replay <> '' and state = 'quarantined')`

/** Ends the lives of events. */
export interface Retainer {
  /** Walks once through everything that may have been kept for long enough. */
  retain(signal?: AbortSignal): Promise<void>
  /** Walks every ten minutes. */
  keepRetaining(): Loop
}

/** Deletes what has been kept for long enough, and expires what nobody released from quarantine. */
export function createRetainer({
  pool,
  retention: { days, quarantineDays, windows },
  onChanged = () => undefined,
  log,
}: {
  pool: Pool
  retention: Retention
  /** Is told how many events have expired or are deleted, for metrics. */
  onChanged?: (state: 'expired' | 'deleted', count: number) => void
  log: Logger
}): Retainer {
  const windowsText = JSON.stringify(Object.fromEntries(windows))

  return {
    retain,
    keepRetaining: () =>
      createLoop({ name: 'retention', intervalMs: INTERVAL_MS, round: retain, log }),
  }

  async function retain(signal?: AbortSignal): Promise<void> {
    const { rows } = await pool.query<{ tenant: string }>(TENANTS)
    for (const { tenant } of rows) {
      const expire = (after: Place) =>
        pool.query<Walked>(EXPIRE, [tenant, after.at, after.id, quarantineDays])
      onChanged('expired', await walk(expire, signal))
      for (const state of ENDED) {
        const remove = (after: Place) =>
          pool.query<Walked>(DELETE, [
            tenant,
            after.at,
            after.id,
            days,
            quarantineDays,
            windowsText,
            state,
          ])
        const deleted = await walk(remove, signal)
        onChanged('deleted', deleted)
        if (deleted > 0) log.info({ tenant, state, deleted }, 'events deleted')
      }
    }
    await pool.query(TRIM, [days])
  }
}

/** Where a walk is: events are looked at in the order of their receipt. */
interface Place {
  at: string
  id: string
}

type Walked = Place & { looked: number; changed: number }

// Answers how many events were changed on the way.
async function walk(
  step: (after: Place) => Promise<{ rows: Walked[] }>,
  signal: AbortSignal | undefined,
): Promise<number> {
  let after: Place = { at: '-infinity', id: '' }
  let changed = 0
  for (;;) {
    const [walked] = (await step(after)).rows
    if (walked === undefined) return changed
    after = walked
    changed += walked.changed
    if (walked.looked < ROWS_PER_STATEMENT || signal?.aborted === true) return changed
    await sleep(PAUSE_MS)
  }
}
