import type { Pool } from 'pg'
import type { Cursor } from './event-cursor.ts'
import type { EventFilter } from './event-search.ts'

/** A query for the ids of one page, whatever its order. */
export interface Found {
  text: string
  values: unknown[]
}

type Search = Omit<EventFilter, 'after'> & { after: Cursor | null }

// A sender that makes up types as it goes has no list of them worth walking.
const MANY_KINDS = 2_000

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
  const shelf = state === undefined || isPlain(state) ? null : state
  if (isWhole && shelf === null) return byStates(conditions, search)
  const kinds = await findKinds(pool, search, shelf)
  return kinds === null ? byStates(conditions, search) : byKinds(conditions, search.limit, kinds)
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
  /** What rows must fulfil, with type, source and a state that is not set aside left out. */
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
  if (state !== undefined && !isPlain(state)) {
    others.push(`${SHELF} = ${value(state)} and ${SET_ASIDE}`)
  }
  return { values, value, others: others.join(' and ') }
}

const isPlain = (state: string): boolean => state === 'accepted' || state === 'dispatched'

function all({ value, others }: Conditions, { source, type, state }: Search): string {
  const conditions = [others]
  // Written so that no index serves it: during an outage the planner knows nothing of how many are open.
  if (state !== undefined && isPlain(state)) conditions.push(`events.state || '' = ${value(state)}`)
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
  const { state, ...rest } = search
  const { limit } = search
  const wanted = all(conditions, rest)
  const states = conditions.value(state !== undefined && isPlain(state) ? [state] : STATES)
  const text = `
    select page.id from unnest(${states}::text[]) as of_state (state), lateral (
           select id, received_at from events where events.state = of_state.state and ${wanted} ${NEWEST} limit ${limit}) page
     order by page.received_at desc, page.id desc limit ${limit}`
  return { text, values: conditions.values }
}

/** What events are of, as an index over their receipt has it. `state` is absent for what was set aside: all are of one. */
interface Kind {
  type?: string | undefined
  source?: string | undefined
  state?: string | undefined
}

// From each kind the index leads straight to the next, however many rows lie between. What is asked for exactly is where
// the walk begins: told only afterwards, it would lead through every row.
async function findKinds(
  pool: Pool,
  { tenant, source, type, state }: Search,
  shelf: string | null,
): Promise<Kind[] | null> {
  const prefix = type?.endsWith('*') === true ? type.slice(0, -1) : undefined
  const exact = { type: prefix === undefined ? type : undefined, source, state }
  const columns =
    shelf === null ? (['type', 'source', 'state'] as const) : (['type', 'source'] as const)
  const firstOpen = columns.findIndex((column) => exact[column] === undefined)
  if (firstOpen === -1) return [shelf === null ? exact : { ...exact, state: undefined }]

  const values: unknown[] = []
  const value = (given: unknown): string => `$${values.push(given)}`
  const among = [`tenant = ${value(tenant)}`]
  if (shelf !== null) among.push(`${SHELF} = ${value(shelf)} and ${SET_ASIDE}`)
  for (const column of columns.slice(0, firstOpen))
    among.push(`${column} = ${value(exact[column])}`)
  const walked = columns.slice(firstOpen)
  const meant = ['true']
  if (prefix !== undefined) meant.push(`starts_with(type, ${value(prefix)})`)
  for (const column of walked) {
    if (exact[column] !== undefined) meant.push(`${column} = ${value(exact[column])}`)
  }
  const row = (of: string): string => walked.map((column) => `${of}${column}`).join(', ')
  const { rows } = await pool.query<Kind & { walked: number }>(
    `with recursive kinds as (
       (select ${columns.join(', ')}, 1 as walked from events where ${among.join(' and ')}
         order by ${row('')} limit 1)
       union all
       select ${columns.map((column) => `next.${column}`).join(', ')}, kinds.walked + 1 from kinds, lateral (
         select ${columns.join(', ')} from events
          where ${among.join(' and ')} and (${row('')}) > (${row('kinds.')})
          order by ${row('')} limit 1) next
        where kinds.walked <= ${MANY_KINDS}
     )
     select * from kinds where walked > ${MANY_KINDS} or (${meant.join(' and ')})`,
    values,
  )
  return rows.some((kind) => kind.walked > MANY_KINDS) ? null : rows
}

// A page of n comes from the n kinds whose newest events are the newest: of no other can any be on it.
function byKinds({ values, value, others }: Conditions, limit: number, kinds: Kind[]): Found {
  const among = value(JSON.stringify(kinds))
  const of = (kind: string): string =>
    [
      `events.type = ${kind}.type and events.source = ${kind}.source`,
      ...(kinds[0]?.state === undefined ? [] : [`events.state = ${kind}.state`]),
      others,
    ].join(' and ')
  const text = `
    with newest as materialized (
      select kind.type, kind.source, kind.state, newest.received_at
        from json_to_recordset(${among}) as kind (type text, source text, state text),
             lateral (select received_at from events where ${of('kind')} order by received_at desc limit 1) newest
       order by newest.received_at desc limit ${limit}
    ), least as (
      select case when count(*) = ${limit} then min(received_at) else '-infinity' end as received_at from newest
    )
    select page.id from newest, lateral (
           select events.id, events.received_at from events
            where ${of('newest')} and events.received_at >= (select received_at from least) ${NEWEST} limit ${limit}) page
     order by page.received_at desc, page.id desc limit ${limit}`
  return { text, values }
}
