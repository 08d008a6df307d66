import type { EventHead } from '../contracts/event.ts'

/** The columns of an event but for its content. */
export const HEAD_COLUMNS = `events.id, events.tenant, events.source, events.key, events.type, events.subject, events.time,
  events.hops, events.correlation_id, events.causation_id`

/** An event as {@link HEAD_COLUMNS} are read. */
export interface HeadRow {
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
}

/** An event without its content, out of its columns. */
export const toHead = (row: HeadRow): EventHead => ({
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
})
