import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { DEFAULT_TENANT } from '../contracts/names.ts'
import { createGroup } from '../store/group.ts'
import { storableText } from '../store/text.ts'

/** A request that was refused, on its way into the list. */
export interface Reject {
  /** Null where no source has the endpoint that was called. */
  source: string | null
  preset: string | null
  address: string
  method: string
  /** Without the query, in which some senders put credentials. */
  path: string
  status: number
  /** What did not hold, such as `signature`. */
  step: string
  reason: string
  /** Makes the headers as they may be shown, once it is clear that the request is listed. */
  headers(): Record<string, string>
  /** Bytes of the body, as declared or received; null where unknown. */
  size: number | null
}

/** Lists refused requests. Returns at once; what comes in a flood, and what cannot be written, is left out. */
export type ListReject = (reject: Reject) => void

// Enough to see what is wrong, and nothing that a flood could slow anybody down with.
const ROWS_PER_SECOND = 20
// What is throttled repeats what is listed already.
const THROTTLED = 429
const SAMPLE_OF_THROTTLED = 20
const KEPT_PER_SOURCE = 1_000
const LONGEST_PATH = 300
const LONGEST_REASON = 500

const INSERT = `
insert into rejects (tenant, source, preset, address, method, path, status, step, reason, headers, size)
select $1, source, preset, address, method, path, status, step, reason, headers::json, size
  from json_to_recordset($2) as incoming (source text, preset text, address text, method text, path text,
       status smallint, step text, reason text, headers text, size bigint)`

const TRIM = `
delete from rejects using (
  select name, (select id from rejects where coalesce(source, '') = name
                 order by id desc offset ${KEPT_PER_SOURCE} limit 1) as last
    from unnest($1::text[]) as names (name)) as old
 where coalesce(source, '') = name and id <= last`

/** Writes refused requests to their table, which it keeps small. */
export function createListReject({
  pool,
  log,
  now = Date.now,
}: {
  pool: Pool
  log: Logger
  now?: () => number
}): ListReject {
  const group = createGroup({
    write: (rows: Row[]) => write(pool, rows),
    // One: refused requests may wait, accepted ones may not.
    statementsAtOnce: 1,
    itemsPerStatement: ROWS_PER_SECOND,
  })
  let room = ROWS_PER_SECOND
  let filledAtMs = now()
  let throttled = 0

  return (reject) => {
    if (reject.status === THROTTLED && throttled++ % SAMPLE_OF_THROTTLED !== 0) return
    const atMs = now()
    room = Math.min(ROWS_PER_SECOND, room + ((atMs - filledAtMs) / 1_000) * ROWS_PER_SECOND)
    filledAtMs = atMs
    if (room < 1) return
    room -= 1
    group
      .add(toRow(reject))
      .catch((error: unknown) => log.debug({ err: error }, 'refused requests are not listed'))
  }
}

type Row = Omit<Reject, 'headers'> & { headers: string }

const toRow = (reject: Reject): Row => ({
  ...reject,
  path: storableText(reject.path.slice(0, LONGEST_PATH)),
  reason: storableText(reject.reason.slice(0, LONGEST_REASON)),
  headers: JSON.stringify(reject.headers()),
})

async function write(pool: Pool, rows: Row[]): Promise<null[]> {
  await pool.query({
    name: 'insert-rejects',
    text: INSERT,
    values: [DEFAULT_TENANT, JSON.stringify(rows)],
  })
  const names = [...new Set(rows.map(({ source }) => source ?? ''))]
  await pool.query({ name: 'trim-rejects', text: TRIM, values: [names] })
  return rows.map(() => null)
}
