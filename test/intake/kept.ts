import type { Pool } from 'pg'
import { PASSWORD, signers } from './signers.ts'

/** What the inbox has kept of a request. */
interface KeptRow {
  id: string
  source: string
  method: string
  url: string
  headers: Record<string, string>
  body: Buffer
  received_at: Date
}

/** What was kept since the last time somebody looked. */
export interface KeptNews {
  rows: KeptRow[]
  /** Those of them that nobody has signed, one line for each. */
  unsigned: string[]
}

// The bytes as they came, where the event is a part of them or they were compressed. Commits come late by less.
const NEWS = `
select events.id, source, method, url, headers, received_at, coalesce(deliveries.body, events.body) as body
  from events left join deliveries on deliveries.id = events.delivery_id
 where received_at >= $1::timestamptz - interval '3 s' order by received_at`

/** Makes what looks at everything that was kept, each event once, and judges it by means of its own. */
export function createAudit(pool: Pool): (wires: Iterable<string>) => Promise<KeptNews> {
  const seen = new Set<string>()
  // On every connection ever: what is opened slowly is kept after its connection and those behind it are closed.
  const targets = new Set<string>()
  let since = new Date(0)
  return async (wires) => {
    for (const wire of wires) {
      if (wire.includes(PASSWORD)) for (const [target] of wire.matchAll(TARGET)) targets.add(target)
    }
    const { rows } = await pool.query<KeptRow>(NEWS, [since])
    since = rows.at(-1)?.received_at ?? since
    const fresh = rows.filter(({ id }) => !seen.has(id))
    for (const { id } of fresh) seen.add(id)
    return { rows: fresh, unsigned: fresh.filter((row) => !isSigned(row, targets)).map(describe) }
  }
}

// As it was sent, spoilt or not.
const TARGET = /\/hooks\/\S*/g

function isSigned(
  { source, method, url, headers, body }: KeptRow,
  targets: ReadonlySet<string>,
): boolean {
  const showedPassword = url.match(TARGET)?.some((target) => targets.has(target)) === true
  return signers[source]?.hasSigned({ method, url, headers, body, showedPassword }) === true
}

const describe = ({ source, url, headers, body }: KeptRow): string =>
  `${source} ${url} ${JSON.stringify(headers)} ${body.toString('latin1', 0, 200)}`
