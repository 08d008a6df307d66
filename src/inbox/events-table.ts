import type { ClientBase, Pool } from 'pg'
import type { EventHead } from '../contracts/event.ts'
import { type Incoming, toRows } from './incoming.ts'

/** An event as a row: what dispatch works from. */
export interface InboxEvent extends EventHead {
  contentType: string
  body: Uint8Array
  /** Triggers that have started their run already, where an operator has released the event. */
  started?: readonly string[]
  /** True where it comes from any other state than its first, which is worth a line in its history. */
  delayed?: true
  /** How often an operator had decided about it when it was taken up: then it is not settled over the next decision. */
  generation?: number
  /** True where it was dispatched before: then it resolves no waits any more. */
  again?: true
  /**
   * Set where it is dispatched once more: the replay, whether that is of a range and not of this event alone, and by
   * trigger the runs that the event itself had started.
   */
  replay?: { id: string; ofMany: boolean; runs: Readonly<Record<string, string>> }
}

/** Whatever runs statements: a pool, or the connection of a transaction. */
export type Queryable = Pick<Pool | ClientBase, 'query'>

/** How long the accepting process has an event for itself before the sweeper may take it up. */
const HEAD_START = '2 seconds'

// Metadata travels as one JSON text and all bodies as one binary parameter: neither is escaped item by item. Headers
// are text within it, which a record set takes whatever they hold.
// Sorted by key, so that two processes that insert the same keys wait for each other instead of deadlocking. No
// constraint is named: a row stands aside for an equal key as well as for an equal digest.
const INSERT = `
insert into events (id, tenant, source, key, type, subject, time, method, url, headers, content_type, body, hops,
                    correlation_id, causation_id, digest, digest_is_key, verification, delivery_id, variant, first_id,
                    expires_at, state, reason, dispatch_after)
select id, tenant, source, key, type, subject, time, method, url, headers::json, content_type,
       substring($2::bytea from start + 1 for size), hops, correlation_id, causation_id,
       decode(digest, 'hex'), digest_is_key, verification::json, delivery_id, coalesce(variant, ''), first_id,
       now() + make_interval(mins => expires_after),
       case when reason is null then 'accepted' else 'quarantined' end, reason,
       case when reason is null then now() + interval '${HEAD_START}' end
  from json_to_recordset($1) as incoming (
       id text, tenant text, source text, key text, type text, subject text, time timestamptz, method text, url text,
       headers text, content_type text, start int, size int, hops smallint, correlation_id text, causation_id text,
       digest text, digest_is_key boolean, verification text, delivery_id text, variant text, first_id text,
       expires_after int, reason text)
 order by tenant, source, key, variant
    on conflict do nothing
returning id`

// A request whose events are all there already is not kept a second time. It may stand already where one of its events is
// new and another says something else under a known key: then the second insert meets what the first has written.
const INSERT_WITH_REQUESTS = `
with inserted as (${INSERT}, delivery_id), kept as (
  insert into deliveries (id, body)
  select id, substring($2::bytea from start + 1 for size)
    from json_to_recordset($3) as request (id text, start int, size int)
   where id in (select delivery_id from inserted)
      on conflict (id) do nothing
)
select id from inserted`

/** Inserts what is not there yet, in one statement; answers the ids of those that it has written. */
export async function insertEvents(db: Queryable, incoming: Incoming[]): Promise<Set<string>> {
  const { rows, requests, bytes } = toRows(incoming)
  const values = [JSON.stringify(rows), bytes]
  const { rows: written } = await db.query<{ id: string }>(
    requests.length === 0
      ? { name: 'insert-events', text: INSERT, values }
      : {
          name: 'insert-requests',
          text: INSERT_WITH_REQUESTS,
          values: [...values, JSON.stringify(requests)],
        },
  )
  return new Set(written.map(({ id }) => id))
}
