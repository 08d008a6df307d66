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
// Five sources may be flooded at one time, and a sixth is still heard.
const ROWS_PER_SECOND_IN_ALL = 6 * ROWS_PER_SECOND
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

/**
 * Writes refused requests to their table, which it keeps small. Each source has a share of its own, and so have all
 * requests that name none: a flood of one hides nothing of the others.
 */
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
    itemsPerStatement: ROWS_PER_SECOND_IN_ALL,
  })
  const inAll = createShare(ROWS_PER_SECOND_IN_ALL, now)
  // As many as there are sources with an endpoint, and one.
  const shares = new Map<string | null, Share>()

  return (reject) => {
    const share = shareOf(reject.source)
    if (reject.status === THROTTLED && share.throttled++ % SAMPLE_OF_THROTTLED !== 0) return
    if (!share.hasRoom() || !inAll.hasRoom()) return
    share.take()
    inAll.take()
    group
      .add(toRow(reject))
      .catch((error: unknown) => log.debug({ err: error }, 'refused requests are not listed'))
  }

  function shareOf(source: string | null): Share {
    const known = shares.get(source)
    if (known !== undefined) return known
    const share = createShare(ROWS_PER_SECOND, now)
    shares.set(source, share)
    return share
  }
}

/** What may be listed of one kind: so many a second, and as many at once. */
interface Share {
  hasRoom(): boolean
  take(): void
  /** How many were throttled so far, listed or not. */
  throttled: number
}

function createShare(perSecond: number, now: () => number): Share {
  let room = perSecond
  let filledAtMs = now()

  return {
    hasRoom() {
      const atMs = now()
      room = Math.min(perSecond, room + ((atMs - filledAtMs) / 1_000) * perSecond)
      filledAtMs = atMs
      return room >= 1
    },
    take() {
      room -= 1
    },
    throttled: 0,
  }
}

type Row = Omit<Reject, 'headers'> & { headers: string }

const toRow = (reject: Reject): Row => ({
  ...reject,
  path: storableText(reject.path.slice(0, LONGEST_PATH)),
  reason: storableText(reject.reason.slice(0, LONGEST_REASON)),
  headers: JSON.stringify(reject.headers()),
  // Any length can be declared; the table has a place for those that a number can be.
  size: reject.size === null ? null : Math.min(reject.size, Number.MAX_SAFE_INTEGER),
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
