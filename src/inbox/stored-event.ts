import { HEAD_COLUMNS, type HeadRow, toHead } from '../store/event-head.ts'
import type { InboxEvent } from './events-table.ts'

/** Columns from which an event is dispatched. */
export const EVENT_COLUMNS = `${HEAD_COLUMNS}, events.content_type, events.body, events.generation`

/** An event as {@link EVENT_COLUMNS} are read. */
export interface EventRow extends HeadRow {
  content_type: string
  body: Buffer
  generation: number
}

/** An event of the inbox as dispatch works from it. */
export const toEvent = (row: EventRow): InboxEvent => ({
  ...toHead(row),
  contentType: row.content_type,
  body: row.body,
  ...(row.generation === 0 ? {} : { generation: row.generation }),
})
