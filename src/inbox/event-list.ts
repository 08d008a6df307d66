import type { Pool } from 'pg'
import type { DispatchState, EventState } from '../contracts/event.ts'

/** One event meeting one trigger, as people see it. */
export interface Dispatch {
  trigger: string
  state: DispatchState
  runId: string | null
  /** Why it is in quarantine. */
  reason: string | null
  message: string | null
  /** ISO 8601. */
  at: string
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
  /** ISO 8601. */
  receivedAt: string
  method: string
  url: string
  headers: Record<string, string>
  contentType: string
  /** As text; invalid UTF-8 is shown as U+FFFD. */
  body: string
  hops: number
  correlationId: string
  causationId: string | null
  state: EventState
  reason: string | null
  dispatches: Dispatch[]
}

type Row = Omit<StoredEvent, 'body'> & { body: Buffer }

const FIND = `
select id, tenant, source, key, type, subject, time, received_at as "receivedAt", method, url, headers,
       content_type as "contentType", body, hops, correlation_id as "correlationId",
       causation_id as "causationId", state, reason,
       (select coalesce(json_agg(json_build_object('trigger', trigger, 'state', d.state, 'runId', run_id,
               'reason', d.reason, 'message', message,
               'at', to_char(at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by trigger), '[]')
          from dispatches d where d.event_id = events.id) as dispatches
  from events where tenant = $1 and id = $2`

/** One event by its public id; null where the tenant has none of it. */
export async function findEvent(
  pool: Pool,
  { tenant, id }: { tenant: string; id: string },
): Promise<StoredEvent | null> {
  const { rows } = await pool.query<Row>(FIND, [tenant, id])
  const row = rows[0]
  if (row === undefined) return null
  return { ...row, body: row.body.toString('utf8') }
}
