import type { Pool } from 'pg'
import type { EventState } from '../contracts/event.ts'
import { indexableText } from '../store/text.ts'
import { type Cursor, cursorOf, readCursor } from './event-cursor.ts'
import { planSearch } from './search-plan.ts'

/** Which events to list. */
export interface EventFilter {
  tenant: string
  source?: string
  /** Exact, or what it begins with, as `issues.*`. */
  type?: string
  /** `quarantined` means those of which a dispatch is, too. */
  state?: EventState
  subject?: string
  /** What the sender calls it, or called a duplicate of it. */
  key?: string
  /** ISO 8601: received at or after this. */
  from?: string
  /** ISO 8601: received before this. */
  to?: string
  limit: number
  /** The cursor that the previous page ended with. */
  after?: string
}

/** An event in the list of events. */
export interface EventSummary {
  id: string
  source: string
  key: string
  type: string
  subject: string | null
  /** ISO 8601. */
  time: string
  receivedAt: string
  state: EventState
  stateAt: string
  reason: string | null
  /** Whether a dispatch of it is in quarantine. */
  held: boolean
  /** Why, as `trigger: reason`. */
  heldFor: string[]
  /** Bytes of the body. */
  size: number
}

/** A page of events, the youngest first. */
export interface EventPage {
  events: EventSummary[]
  /** Cursor of the next page; null after the last. */
  next: string | null
}

type Row = EventSummary & { cursor: Cursor }

const COLUMNS = `id, source, key, type, subject, time, received_at as "receivedAt", state, state_at as "stateAt", reason,
  held, case when held then (
           select coalesce(json_agg(distinct trigger || ': ' || dispatches.reason), '[]') from dispatches
            where event_id = events.id and dispatches.state = 'quarantined') else '[]' end as "heldFor", octet_length(body) as size, json_build_object('at', received_at::text, 'id', id) as cursor`

function withoutCursor(row: Row): EventSummary {
  const { cursor: _, ...event } = row
  return event
}

/** Events by their receipt, the youngest first. Rejects where the cursor is none of {@link cursorOf}. */
export async function searchEvents(pool: Pool, filter: EventFilter): Promise<EventPage> {
  const { limit, after, key, subject } = filter
  const cursor = after === undefined ? null : readCursor(after)
  if (after !== undefined && cursor === null) {
    throw new Error(`Expected the cursor of a page, received '${after}'.`)
  }
  const found = await planSearch(pool, {
    ...filter,
    // As they are kept: what is long was cut.
    ...(key === undefined ? {} : { key: indexableText(key) }),
    ...(subject === undefined ? {} : { subject: indexableText(subject) }),
    limit: limit + 1,
    after: cursor,
  })
  const { rows } = await pool.query<Row>(
    `select ${COLUMNS} from events where id in (${found.text}) order by received_at desc, id desc`,
    found.values,
  )
  const events = rows.slice(0, limit).map(withoutCursor)
  const last = rows.at(limit - 1)
  return { events, next: rows.length > limit && last !== undefined ? cursorOf(last.cursor) : null }
}
