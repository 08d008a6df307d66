import type { InboxEvent } from './events-table.ts'

/** Columns from which an event is dispatched. */
export const EVENT_COLUMNS = `events.id, events.tenant, events.source, events.key, events.type,
  events.subject, events.time, events.hops, events.correlation_id, events.causation_id, events.content_type, events.body,
  events.generation`

/** An event as {@link EVENT_COLUMNS} are read. */
export interface EventRow {
  id: string
  tenant: string
  source: string
  key: string
  type: string
  subject: string | null
  time: string
  hops: number
  correlation_id: string
  causation_id: string | null
  content_type: string
  body: Buffer
  generation: number
}

/** An event of the inbox as dispatch works from it. */
export const toEvent = (row: EventRow): InboxEvent => ({
  id: row.id,
  tenant: row.tenant,
  source: row.source,
  key: row.key,
  type: row.type,
  ...(row.subject === null ? {} : { subject: row.subject }),
  time: row.time,
  hops: row.hops,
  correlationId: row.correlation_id,
  ...(row.causation_id === null ? {} : { causationId: row.causation_id }),
  contentType: row.content_type,
  body: row.body,
  ...(row.generation === 0 ? {} : { generation: row.generation }),
})
