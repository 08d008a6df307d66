import type { Pool } from 'pg'
import type { DispatchState, EventState, Verification } from '../contracts/event.ts'

/** One event meeting one trigger, as people see it. */
export interface Dispatch {
  trigger: string
  state: DispatchState
  runId: string | null
  /** The replay to which it belongs; null for what came of the event itself. */
  replayId: string | null
  /** Why it is in quarantine. */
  reason: string | null
  message: string | null
  /** ISO 8601. */
  at: string
}

/** A state that an event was in, since when, and who or what brought it there. */
interface StateChange {
  state: EventState
  /** ISO 8601. */
  at: string
  reason: string | null
  /** A person or a program; null where nobody decided it. */
  by: string | null
}

/** What came again, under one key. */
interface Duplicates {
  key: string
  times: number
  /** ISO 8601. */
  firstAt: string
  lastAt: string
}

/** An event of the inbox with everything that came of it. */
export interface StoredEvent {
  id: string
  tenant: string
  source: string
  key: string
  type: string
  subject: string | null
  /** ISO 8601. */
  time: string
  receivedAt: string
  method: string
  url: string
  headers: Record<string, string>
  contentType: string
  /** As text; invalid UTF-8 is shown as U+FFFD. */
  body: string
  /** Whether an operator has replaced the body that came. */
  repaired: boolean
  /** How it was verified; null for what came through the API. */
  verification: Verification | null
  hops: number
  correlationId: string
  causationId: string | null
  state: EventState
  stateAt: string
  reason: string | null
  /** When it expires unless it is dispatched before; null for never. */
  expiresAt: string | null
  /** Every state that it was in, the first one first. */
  history: StateChange[]
  /** Whether a dispatch of it is in quarantine. */
  held: boolean
  dispatches: Dispatch[]
  /** By key: its own, and others under which the same signed content came. */
  duplicates: Duplicates[]
  /** The first event under its key, which said something else; null where it is the first. */
  firstId: string | null
  /** Ids of events that said something else under its key, later. */
  reusedBy: string[]
  /** Ids of the other events of the same request. */
  siblings: string[]
}

const iso = (column: string): string =>
  `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

const FIND = `
select id, tenant, source, key, type, subject, time, received_at as "receivedAt", method, url, headers,
       content_type as "contentType", body, repaired, verification, hops, correlation_id as "correlationId",
       causation_id as "causationId", state, state_at as "stateAt", state_by as "by", reason,
       expires_at as "expiresAt", held, first_id as "firstId",
       (select coalesce(json_agg(json_build_object('trigger', trigger, 'state', d.state, 'runId', run_id,
               'replayId', nullif(replay, ''), 'reason', d.reason, 'message', message, 'at', ${iso('d.at')})
               order by d.at, trigger), '[]')
          from dispatches d where d.event_id = events.id) as dispatches,
       (select coalesce(json_agg(json_build_object('state', s.state, 'at', ${iso('s.at')}, 'reason', s.reason,
               'by', s.by) order by s.at), '[]')
          from event_states s where s.event_id = events.id) as past,
       (select coalesce(json_agg(json_build_object('key', d.key, 'times', d.times, 'firstAt', ${iso('d.first_at')},
               'lastAt', ${iso('d.last_at')}) order by d.first_at, d.key), '[]')
          from event_duplicates d where d.event_id = events.id) as duplicates,
       (select coalesce(json_agg(other.id order by other.id), '[]') from events other
         where other.tenant = events.tenant and other.source = events.source and other.key = events.key
           and other.first_id = events.id) as "reusedBy",
       (select coalesce(json_agg(other.id order by other.id), '[]') from events other
         where other.delivery_id = events.delivery_id and other.id <> events.id) as siblings,
       -- To the microsecond: what an operator does may be within the millisecond of the receipt.
       coalesce((select min(at) from event_states where event_id = events.id), state_at) > received_at as "beganAccepted"
  from events where tenant = $1 and id = $2`

type Row = Omit<StoredEvent, 'body' | 'history'> & {
  body: Buffer
  by: string | null
  past: StateChange[]
  beganAccepted: boolean
}

/** One event by its public id; null where the tenant has none of it. */
export async function findEvent(
  pool: Pool,
  { tenant, id }: { tenant: string; id: string },
): Promise<StoredEvent | null> {
  const { rows } = await pool.query<Row>(FIND, [tenant, id])
  const row = rows[0]
  if (row === undefined) return null
  const { past: _, by: __, beganAccepted: ___, ...event } = row
  return { ...event, body: row.body.toString('utf8'), history: historyOf(row) }
}

// That an event began as accepted is written nowhere where nothing else is worth a line.
function historyOf({
  past,
  beganAccepted,
  receivedAt,
  state,
  stateAt,
  reason,
  by,
}: Row): StateChange[] {
  const changes = [...past, { state, at: stateAt, reason, by }]
  return beganAccepted
    ? [{ state: 'accepted', at: receivedAt, reason: null, by: null }, ...changes]
    : changes
}

/** A request as it was received and kept. */
export interface StoredRequest {
  source: string
  method: string
  url: string
  headers: Record<string, string>
  /** Exactly the bytes that were verified. */
  body: Uint8Array
  /** ISO 8601. */
  receivedAt: string
}

/** The request that brought an event; null where the tenant has no such event. */
export async function findRequest(
  pool: Pool,
  { tenant, id }: { tenant: string; id: string },
): Promise<StoredRequest | null> {
  const { rows } = await pool.query<StoredRequest>(
    `select source, method, url, headers, received_at as "receivedAt",
            coalesce((select body from deliveries where deliveries.id = events.delivery_id),
                     (select body from deliveries where deliveries.id = events.id), body) as body
       from events where tenant = $1 and id = $2`,
    [tenant, id],
  )
  return rows[0] ?? null
}
