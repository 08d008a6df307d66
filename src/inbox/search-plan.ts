import type { Pool } from 'pg'
import type { Cursor } from './event-cursor.ts'
import type { EventFilter } from './event-search.ts'

/** A query for the ids of one page, whatever its order. */
export interface Found {
  text: string
  values: unknown[]
}

type Search = Omit<EventFilter, 'after'> & { after: Cursor | null }

// What an outage leaves open is listed by walking back in time; fewer are looked at one by one.
const MANY_OPEN = 5_000
// A sender that makes up types as it goes has no list of them worth walking.
const MANY_PAIRS = 2_000

/** As the index over what was set aside has it. */
const SHELF = `(case when held then 'quarantined' else state end)`
const SET_ASIDE = `(held or state not in ('accepted', 'dispatched'))`

/**
 * Chooses by which index a page is found, so that no combination of filters walks past more than a few thousand rows.
 * The planner of Postgres would trust that matches come soon, and walk through the whole table where there are none.
 */
export async function planSearch(pool: Pool, asked: Search): Promise<Found> {
  const search = withoutAny(asked)
  const { key, subject, state } = search
  const conditions = createConditions(search)
  if (key !== undefined) return byKey(conditions, search)
  if (subject !== undefined) return inOrder(conditions, search)
  const isWhole = search.source === undefined && search.type === undefined
  const shelf = state === undefined || state === 'accepted' || state === 'dispatched' ? null : state
  if (isWhole && shelf === null) return byStates(conditions, search)
  if (state === 'accepted' && !(await hasManyOpen(pool, search.tenant))) {
    return byStates(conditions, search)
  }
  const pairs = await findPairs(pool, search, shelf)
  return pairs === null ? byStates(conditions, search) : byPairs(conditions, search.limit, pairs)
}

// Every type begins with nothing.
function withoutAny(search: Search): Search {
  if (search.type !== '*') return search
  const { type: _, ...rest } = search
  return rest
}

interface Conditions {
  values: unknown[]
  /** Adds a value; answers how the query names it. */
  value(given: unknown): string
  /** What rows must fulfil, with type and source left out. */
  others: string
}

function createConditions(search: Search): Conditions {
  const values: unknown[] = []
  const value = (given: unknown): string => `$${values.push(given)}`
  const { tenant, state, subject, from, to, after } = search
  const others = [`events.tenant = ${value(tenant)}`]
  if (subject !== undefined) others.push(`events.subject = ${value(subject)}`)
  if (from !== undefined) others.push(`events.received_at >= ${value(from)}::timestamptz`)
  if (to !== undefined) others.push(`events.received_at < ${value(to)}::timestamptz`)
  if (after !== null) {
    const at = `${value(after.at)}::timestamptz`
    // The first bounds the walk through the index, the second cuts within one microsecond.
    others.push(`events.received_at <= ${at}`)
    others.push(`(events.received_at < ${at} or events.id < ${value(after.id)})`)
  }
  // Written so that no index serves it: during an outage the planner knows nothing of how many are open.
  if (state === 'accepted' || state === 'dispatched')
    others.push(`events.state || '' = ${value(state)}`)
  else if (state !== undefined) others.push(`${SHELF} = ${value(state)} and ${SET_ASIDE}`)
  return { values, value, others: others.join(' and ') }
}

function all({ value, others }: Conditions, { source, type }: Search): string {
  const conditions = [others]
  if (source !== undefined) conditions.push(`events.source = ${value(source)}`)
  if (type?.endsWith('*') === true) {
    conditions.push(`starts_with(events.type, ${value(type.slice(0, -1))})`)
  } else if (type !== undefined) conditions.push(`events.type = ${value(type)}`)
  return conditions.join(' and ')
}

const NEWEST = 'order by received_at desc, id desc'

function inOrder(conditions: Conditions, search: Search): Found {
  const wanted = all(conditions, search)
  const text = `select id from events where ${wanted} ${NEWEST} limit ${search.limit}`
  return { text, values: conditions.values }
}

// Materialised: the few that bear the key come first, whatever else they must fulfil.
function byKey(conditions: Conditions, search: Search): Found {
  const wanted = all(conditions, search)
  const key = `${conditions.value(search.key)}::text`
  const tenant = `${conditions.value(search.tenant)}::text`
  const text = `
    with recursive sources as (
      (select source from events where tenant = ${tenant} order by source limit 1)
      union all
      select (select source from events where tenant = ${tenant} and source > sources.source order by source limit 1)
        from sources where source is not null
    ), bearers as materialized (
      select bearer.id from sources, lateral (select id from events where events.tenant = ${tenant}
             and events.source = sources.source and events.key = ${key}) bearer
      union select event_id from event_duplicates where key = ${key}
    )
    select id from events where id in (select id from bearers) and ${wanted} ${NEWEST} limit ${search.limit}`
  return { text, values: conditions.values }
}

const STATES = ['accepted', 'waiting', 'dispatched', 'quarantined', 'discarded', 'expired']

// The youngest of each state: rows of other states, as an outage leaves them, are not even looked at.
function byStates(conditions: Conditions, search: Search): Found {
  const wanted = all(conditions, search)
  const { state, limit } = search
  const isOne = state === 'accepted' || state === 'dispatched'
  const states = conditions.value(isOne ? [state] : STATES)
  const text = `
    select page.id from unnest(${states}::text[]) as of_state (state), lateral (
           select id, received_at from events where events.state = of_state.state and ${wanted} ${NEWEST} limit ${limit}) page
     order by page.received_at desc, page.id desc limit ${limit}`
  return { text, values: conditions.values }
}

async function hasManyOpen(pool: Pool, tenant: string): Promise<boolean> {
  const { rows } = await pool.query(
    `select from events where tenant = $1 and state = 'accepted' offset ${MANY_OPEN} limit 1`,
    [tenant],
  )
  return rows.length > 0
}

/** A type with the source that it comes from. */
interface Pair {
  type: string
  source: string
}

// From each pair the index leads straight to the next, however many rows lie between.
async function findPairs(
  pool: Pool,
  { tenant, source, type }: Search,
  shelf: string | null,
): Promise<Pair[] | null> {
  const values: unknown[] = []
  const value = (given: unknown): string => `$${values.push(given)}`
  const among = [`tenant = ${value(tenant)}`]
  if (shelf !== null) among.push(`${SHELF} = ${value(shelf)} and ${SET_ASIDE}`)
  const wanted = [`walked > ${MANY_PAIRS}`]
  const meant = source === undefined ? [] : [`source = ${value(source)}`]
  if (type?.endsWith('*') === true) meant.push(`starts_with(type, ${value(type.slice(0, -1))})`)
  else if (type !== undefined) among.push(`type = ${value(type)}`)
  wanted.push(meant.length === 0 ? 'true' : `(${meant.join(' and ')})`)
  const { rows } = await pool.query<Pair & { walked: number }>(
    `with recursive pairs as (
       (select type, source, 1 as walked from events where ${among.join(' and ')} order by type, source limit 1)
       union all
       select next.type, next.source, pairs.walked + 1 from pairs, lateral (
         select type, source from events where ${among.join(' and ')} and (type, source) > (pairs.type, pairs.source)
          order by type, source limit 1) next
        where pairs.walked <= ${MANY_PAIRS}
     )
     select type, source, walked from pairs where ${wanted.join(' or ')}`,
    values,
  )
  return rows.some(({ walked }) => walked > MANY_PAIRS) ? null : rows
}

// A page of n comes from the n pairs whose newest events are the newest: of no other can any be on it.
function byPairs({ values, value, others }: Conditions, limit: number, pairs: Pair[]): Found {
  const among = value(JSON.stringify(pairs))
  const text = `
    with newest as materialized (
      select pair.type, pair.source, newest.received_at
        from json_to_recordset(${among}) as pair (type text, source text),
             lateral (select received_at from events where events.type = pair.type and events.source = pair.source
                         and ${others} order by received_at desc limit 1) newest
       order by newest.received_at desc limit ${limit}
    ), least as (
      select case when count(*) = ${limit} then min(received_at) else '-infinity' end as received_at from newest
    )
    select page.id from newest, lateral (
           select events.id, events.received_at from events where events.type = newest.type and events.source = newest.source
              and events.received_at >= (select received_at from least) and ${others} ${NEWEST} limit ${limit}) page
     order by page.received_at desc, page.id desc limit ${limit}`
  return { text, values }
}
