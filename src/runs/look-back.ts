import type { Pool, PoolClient } from 'pg'
import { inTransaction } from '../store/transaction.ts'

// The wait gets the oldest event that counts and that answered no other wait of its run: `own` has one row, the wait
// with the time from which events count and the event that started the run. Those in the first list count in any case.
const answer = (own: string, wakeAfter: string): string => `
with own as (
  ${own}
)
update waits set resolved_at = now(), resolved_by = found.id, wake_after = ${wakeAfter}
  from own cross join lateral (
       select id from (
         (select events.id, events.received_at from events where events.id = any($2) and ${COUNTS})
         union all
         (select events.id, events.received_at from events
           where ${COUNTS}
             and events.received_at >= least(own.since, (select received_at from events started where started.id = own.started))
           order by events.received_at, events.id limit 1)
       ) known order by received_at, id limit 1
     ) found
 where waits.id = own.id and waits.resolved_at is null
returning waits.id`

const COUNTS = `events.tenant = own.tenant and events.type = own.event_type
             and (own.event_subject is null or events.subject = own.event_subject)
             and events.id is distinct from own.started and events.state not in ('quarantined', 'discarded', 'expired')
             and not exists (select from waits earlier
                              where earlier.run_id = own.run_id and earlier.kind = 'event' and earlier.resolved_by = events.id)`

// The opener reads the answer itself.
const ANSWER_NEW = answer(
  'select waits.*, $3::timestamptz as since, $4::text as started from waits where id = $1',
  'null',
)

const ANSWER_OPEN = answer(
  `select waits.*, runs.started_at as since, runs.event_id as started
    from waits left join runs on runs.id = waits.run_id where waits.id = $1`,
  `now() + interval '2 seconds'`,
)

/** A wait for an event that was opened just now. */
interface NewWait {
  id: string
  runId: string
  since: string
  sinceEvent: string | null
}

/** Answers a wait with the oldest event that has come before it, if there is one. Safe to repeat. */
export async function lookBack(
  pool: Pool,
  { id, runId, since, sinceEvent }: NewWait,
): Promise<void> {
  await alone(pool, runId, (client) =>
    client.query({
      name: 'look-back',
      text: ANSWER_NEW,
      values: [id, [], since, sinceEvent],
    }),
  )
}

/**
 * Answers open waits of one run, in their order, with events that have come and with older ones that are still to be
 * dispatched: a run gets events in the order in which they came, each once. Answers the ids of those that have ended.
 * Safe to repeat.
 */
export async function answerWaits(
  pool: Pool,
  { runId, waitIds, eventIds }: { runId: string; waitIds: string[]; eventIds: string[] },
): Promise<string[]> {
  return alone(pool, runId, async (client) => {
    const ended: string[] = []
    for (const id of waitIds) {
      const { rowCount } = await client.query({
        name: 'answer-wait',
        text: ANSWER_OPEN,
        values: [id, eventIds],
      })
      if (rowCount === 1) ended.push(id)
    }
    return ended
  })
}

// One at a time for each run, so that no event answers two of its waits. A statement sees what was committed when it
// begins, which is after the lock.
const alone = <Result>(
  pool: Pool,
  runId: string,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> =>
  inTransaction(pool, async (client) => {
    await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `waits of ${runId}`,
    ])
    return work(client)
  })
