import type { Pool } from 'pg'
import type { Accepted, EventHead, ReceivedEvent } from '../contracts/event.ts'
import { MAX_HOPS } from '../contracts/event.ts'
import { indexableText, storableText } from '../store/text.ts'
import { newEventId } from './event-id.ts'

/** An event as a row: what dispatch works from. */
export interface InboxEvent extends EventHead {
  contentType: string
  body: Uint8Array
}

/** What one insert did for one event. */
export interface Inserted extends Accepted {
  event: InboxEvent
  /** True when there is something to dispatch: a new event that is not in quarantine. */
  open: boolean
}

/** How long the accepting process has an event for itself before the sweeper may take it up. */
export const HEAD_START = '2 seconds'

// Metadata travels as one JSON text and all bodies as one binary parameter: neither is escaped item by item. Headers
// are text within it, which a record set takes whatever they hold.
// Sorted by key, so that two processes that insert the same keys wait for each other instead of deadlocking.
const INSERT = `
insert into events (id, tenant, source, key, type, subject, time, method, url, headers, content_type, body, hops,
                    correlation_id, causation_id, state, reason, dispatch_after)
select id, tenant, source, key, type, subject, time, method, url, headers::json, content_type,
       substring($2::bytea from start + 1 for size), hops, correlation_id, causation_id,
       case when reason is null then 'accepted' else 'quarantined' end, reason,
       case when reason is null then now() + interval '${HEAD_START}' end
  from json_to_recordset($1) as incoming (
       id text, tenant text, source text, key text, type text, subject text, time timestamptz, method text, url text,
       headers text, content_type text, start int, size int, hops smallint, correlation_id text, causation_id text,
       reason text)
 order by tenant, source, key
    on conflict (tenant, source, key) do nothing
returning id`

const FIND_FIRST = `
select tenant, source, key, id from events
 where (tenant, source, key) in (select * from unnest($1::text[], $2::text[], $3::text[]))`

/** Writes events in one statement. The first with a key stands; the others are answered with its id. */
export async function insertEvents(pool: Pool, received: ReceivedEvent[]): Promise<Inserted[]> {
  const events = received.map(toInboxEvent)
  const { rows } = await pool.query<{ id: string }>({
    name: 'insert-events',
    text: INSERT,
    values: [
      JSON.stringify(toRows(received, events)),
      Buffer.concat(events.map(({ body }) => body)),
    ],
  })
  const written = new Set(rows.map(({ id }) => id))
  const firsts =
    written.size === events.length ? new Map() : await findFirsts(pool, events, written)

  return events.map((event, index) => {
    if (!written.has(event.id)) {
      return {
        id: firsts.get(identity(event)) ?? event.id,
        status: 'duplicate',
        event,
        open: false,
      }
    }
    return {
      id: event.id,
      status: 'accepted',
      event,
      open: reasonOf(received[index]) === undefined,
    }
  })
}

function toInboxEvent(received: ReceivedEvent): InboxEvent {
  const id = newEventId()
  return {
    id,
    tenant: received.tenant,
    source: received.source,
    key: indexableText(received.key),
    type: indexableText(received.type),
    ...(received.subject === undefined ? {} : { subject: indexableText(received.subject) }),
    time: received.time,
    hops: received.hops,
    correlationId: received.correlationId ?? id,
    ...(received.causationId === undefined ? {} : { causationId: received.causationId }),
    contentType: received.contentType,
    body: received.body,
  }
}

function toRows(received: ReceivedEvent[], events: InboxEvent[]): unknown[] {
  let start = 0
  return events.map((event, index) => {
    const request = received[index]
    const row = {
      id: event.id,
      tenant: event.tenant,
      source: event.source,
      key: event.key,
      type: event.type,
      subject: event.subject,
      time: event.time,
      method: request?.method,
      url: storableText(request?.url ?? ''),
      headers: JSON.stringify(request?.headers),
      content_type: event.contentType,
      start,
      size: event.body.length,
      hops: event.hops,
      correlation_id: event.correlationId,
      causation_id: event.causationId,
      reason: reasonOf(request),
    }
    start += event.body.length
    return row
  })
}

const reasonOf = (event: ReceivedEvent | undefined): string | undefined =>
  event !== undefined && event.hops > MAX_HOPS ? 'too_many_hops' : event?.quarantine

async function findFirsts(
  pool: Pool,
  events: InboxEvent[],
  written: Set<string>,
): Promise<Map<string, string>> {
  const duplicates = events.filter(({ id }) => !written.has(id))
  const { rows } = await pool.query<{ tenant: string; source: string; key: string; id: string }>(
    FIND_FIRST,
    [
      duplicates.map(({ tenant }) => tenant),
      duplicates.map(({ source }) => source),
      duplicates.map(({ key }) => key),
    ],
  )
  return new Map(rows.map((row) => [identity(row), row.id]))
}

const identity = ({
  tenant,
  source,
  key,
}: {
  tenant: string
  source: string
  key: string
}): string => JSON.stringify([tenant, source, key])
