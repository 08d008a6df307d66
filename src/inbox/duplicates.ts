import type { Accepted } from '../contracts/event.ts'
import { type Incoming, hexOf } from './incoming.ts'
import { insertEvents, type Queryable } from './events-table.ts'

// By key the first and the one of the same digest; by digest, where the key is not signed, whoever stands.
const FIND = `
select asked.position, first.id as first_id, encode(first.digest, 'hex') as first_digest,
       reused.id as reused_id, equal.id as equal_id
  from json_to_recordset($1) as asked (
       position int, tenant text, source text, key text, digest text, digest_is_key boolean)
  left join events first on first.tenant = asked.tenant and first.source = asked.source
        and first.key = asked.key and first.variant = ''
  left join events reused on reused.tenant = asked.tenant and reused.source = asked.source
        and reused.key = asked.key and reused.variant = asked.digest
  left join events equal on asked.digest_is_key and equal.digest_is_key and equal.variant = ''
        and equal.tenant = asked.tenant and equal.source = asked.source and equal.digest = decode(asked.digest, 'hex')`

// A key of an unsigned header costs its sender nothing: what comes under further ones is counted nowhere.
const MOST_KEYS = 100

// Events that are deleted at this moment have no duplicates any more. Sorted, as other processes write the same rows.
const RECORD = `
insert into event_duplicates (event_id, key, times, first_at, last_at)
select seen.event_id, seen.key, seen.times, now(), now()
  from (select event_id, key, times, row_number() over (partition by event_id order by key) as place
          from json_to_recordset($1) as seen (event_id text, key text, times int)) seen
  join (select id from events where id = any ($2) order by id for key share) standing on standing.id = seen.event_id
 where seen.place + (select count(*) from event_duplicates known where known.event_id = seen.event_id) <= ${MOST_KEYS}
    or exists (select from event_duplicates known where known.event_id = seen.event_id and known.key = seen.key)
 order by seen.event_id, seen.key
    on conflict (event_id, key) do update
   set times = event_duplicates.times + excluded.times, last_at = excluded.last_at`

// Every round ends in a row that stands, unless that row is deleted or written by others at the same moment.
const MOST_ROUNDS = 10

/**
 * Says of events that an insert has left out what they are: duplicates of one that stands, or something else under its
 * key. The latter is kept in quarantine, once. Answers by the id under which each was to be inserted.
 */
export async function keepOthers(
  db: Queryable,
  missed: Incoming[],
): Promise<Map<string, Accepted>> {
  const answers = new Map<string, Accepted>()
  const duplicates: { of: string; key: string }[] = []
  let rest = missed
  for (let round = 0; rest.length > 0; round += 1) {
    if (round === MOST_ROUNDS) throw new Error('The rows of a key come and go without end.')
    const standings = await findStanding(db, rest)
    const open: { asked: Incoming; insert: Incoming }[] = []
    for (const [index, asked] of rest.entries()) {
      const judgement = judge(asked, standings.get(index))
      if ('insert' in judgement) {
        open.push({ asked, insert: judgement.insert })
        continue
      }
      // Its own row, where a statement is repeated that was committed.
      if (judgement.duplicateOf === asked.event.id) {
        answers.set(asked.event.id, { id: asked.event.id, status: 'accepted' })
        continue
      }
      answers.set(asked.event.id, { id: judgement.duplicateOf, status: 'duplicate' })
      duplicates.push({ of: judgement.duplicateOf, key: asked.event.key })
    }
    const written = await insertAll(
      db,
      open.map(({ insert }) => insert),
    )
    for (const id of written) answers.set(id, { id, status: 'accepted' })
    rest = open.flatMap(({ asked }) => (written.has(asked.event.id) ? [] : [asked]))
  }
  await record(db, duplicates)
  return answers
}

interface Standing {
  position: number
  first_id: string | null
  first_digest: string | null
  reused_id: string | null
  equal_id: string | null
}

async function findStanding(db: Queryable, asked: Incoming[]): Promise<Map<number, Standing>> {
  const rows = asked.map(({ event: { tenant, source, key }, received }, position) => ({
    position,
    tenant,
    source,
    key,
    digest: hexOf(received.digest),
    digest_is_key: received.digestIsKey === true,
  }))
  const result = await db.query<Standing>(FIND, [JSON.stringify(rows)])
  return new Map(result.rows.map((row) => [row.position, row]))
}

const insertAll = (db: Queryable, incoming: Incoming[]): Promise<Set<string>> =>
  incoming.length === 0 ? Promise.resolve(new Set<string>()) : insertEvents(db, incoming)

// Signed content that stands under another key is a repetition, whatever its key: somebody may have changed the header.
function judge(
  asked: Incoming,
  standing: Standing | undefined,
): { duplicateOf: string } | { insert: Incoming } {
  const digest = hexOf(asked.received.digest)
  const { first_id: first = null, equal_id: equal = null } = standing ?? {}
  // What was kept without a digest is told by its key alone.
  const isFirst = first !== null && (standing?.first_digest ?? digest) === digest
  const duplicateOf = isFirst ? first : (equal ?? standing?.reused_id ?? null)
  if (duplicateOf !== null) return { duplicateOf }
  // The first was deleted between the insert and the look: this one is the first.
  if (first === null) return { insert: asked }
  const reused = { variant: digest, firstId: first }
  return { insert: { ...asked, reused, reason: 'id_reused' } }
}

async function record(db: Queryable, duplicates: { of: string; key: string }[]): Promise<void> {
  if (duplicates.length === 0) return
  const seen = new Map<string, { event_id: string; key: string; times: number }>()
  for (const { of, key } of duplicates) {
    const name = JSON.stringify([of, key])
    seen.set(name, { event_id: of, key, times: (seen.get(name)?.times ?? 0) + 1 })
  }
  const rows = [...seen.values()]
  await db.query(RECORD, [JSON.stringify(rows), rows.map(({ event_id: id }) => id)])
}
