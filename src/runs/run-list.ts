import type { Pool } from 'pg'
import type { Run, RunStatus } from '../contracts/run.ts'

/** Which runs to list. */
export interface RunFilter {
  tenant: string
  status?: RunStatus
  workflow?: string
  limit: number
  /** The cursor that the previous page ended with. */
  after?: string
}

/** A page of runs, the youngest first. */
export interface RunPage {
  runs: Run[]
  /** Cursor of the next page; null after the last. */
  next: string | null
}

const COLUMNS = `id, tenant, workflow, source, trigger, event_id as "eventId", replay_of as "replayOf", summary, status,
  waiting_for as "waitingFor", step, started_at as "startedAt", ended_at as "endedAt", result, failure`

/** Runs by their start, the youngest first. A cursor that cannot be read starts from the first page. */
export async function listRuns(
  pool: Pool,
  { tenant, status, workflow, limit, after }: RunFilter,
): Promise<RunPage> {
  const [startedAt = 'infinity', id = ''] = after === undefined ? [] : readCursor(after)
  const { rows } = await pool.query<Run>(
    `select ${COLUMNS} from runs
      where tenant = $1 and ($2::text is null or status = $2) and ($3::text is null or workflow = $3)
        and (started_at, id) < ($4::timestamptz, $5)
      order by started_at desc, id desc limit $6`,
    [tenant, status ?? null, workflow ?? null, startedAt, id, limit + 1],
  )
  const runs = rows.slice(0, limit)
  const last = runs.at(-1)
  return { runs, next: rows.length > limit && last !== undefined ? cursorOf(last) : null }
}

/** One run; null where the tenant has none of that id. */
export async function findRun(
  pool: Pool,
  { tenant, id }: { tenant: string; id: string },
): Promise<Run | null> {
  const { rows } = await pool.query<Run>(
    `select ${COLUMNS} from runs where tenant = $1 and id = $2`,
    [tenant, id],
  )
  return rows[0] ?? null
}

const cursorOf = ({ startedAt, id }: Run): string =>
  Buffer.from(`${startedAt} ${id}`).toString('base64url')

function readCursor(cursor: string): string[] {
  const text = Buffer.from(cursor, 'base64url').toString('utf8')
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([^\0]+)$/.exec(text)
  return match === null ? [] : match.slice(1)
}
