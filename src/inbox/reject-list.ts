import type { Pool } from 'pg'
import type { Reject } from './rejects.ts'

/** A refused request as people see it. */
export interface ListedReject extends Omit<Reject, 'headers'> {
  id: string
  /** ISO 8601. */
  at: string
  /** Signatures and credentials are shown by their length. */
  headers: Record<string, string>
}

/** Which refused requests to list. */
export interface RejectFilter {
  tenant: string
  source?: string | undefined
  status?: number | undefined
  address?: string | undefined
  /** ISO 8601, inclusive. */
  from?: string | undefined
  /** ISO 8601, exclusive. */
  to?: string | undefined
  limit: number
  /** The cursor that the previous page ended with. */
  after?: string | undefined
}

/** A page of refused requests, the newest first. */
export interface RejectPage {
  rejects: ListedReject[]
  /** Cursor of the next page; null after the last. */
  next: string | null
}

// A stranger may declare any length: more than fits an `int`.
const COLUMNS =
  'id::text, at, source, preset, address, method, path, status, step, reason, headers, size::float8'

const LIST = `
select ${COLUMNS} from rejects
 where tenant = $1 and ($2::text is null or coalesce(source, '') = $2)
   and ($3::smallint is null or status = $3) and ($4::text is null or address = $4)
   and ($5::timestamptz is null or at >= $5) and ($6::timestamptz is null or at < $6)
   and ($7::bigint is null or id < $7)
 order by id desc limit $8`

/** Refused requests, the newest first. */
export async function listRejects(pool: Pool, filter: RejectFilter): Promise<RejectPage> {
  const { tenant, source, status, address, from, to, limit, after } = filter
  const { rows } = await pool.query<ListedReject>(LIST, [
    tenant,
    source,
    status,
    address,
    from,
    to,
    after,
    limit + 1,
  ])
  const rejects = rows.slice(0, limit)
  return { rejects, next: rows.length > limit ? (rejects.at(-1)?.id ?? null) : null }
}

const ID = /^\d{1,18}$/

/** One refused request; null where the tenant has none with this id, or has it no more. */
export async function findReject(
  pool: Pool,
  { tenant, id }: { tenant: string; id: string },
): Promise<ListedReject | null> {
  if (!ID.test(id)) return null
  const { rows } = await pool.query<ListedReject>(
    `select ${COLUMNS} from rejects where tenant = $1 and id = $2`,
    [tenant, id],
  )
  return rows[0] ?? null
}
