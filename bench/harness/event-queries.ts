import {
  duplicateKeyOf,
  keyOf,
  ONE_CAME_AGAIN_IN,
  SPREAD_DAYS,
  SUBJECTS,
  subjectOf,
  TYPES,
} from './seed-events.ts'

/** The filters of one request, by their names in the URL. */
export type Query = Record<string, string>

/** A kind of request, each time with other values. */
export interface QueryKind {
  name: string
  /** The filters of the n-th request. */
  query(index: number): Query
  /** Whether the n-th request goes on where the one before ended, as somebody who turns pages. */
  turnsPages?: true
  /** Whether there must be events in an answer, or none: otherwise something else than meant was measured. */
  finds: 'some' | 'none'
}

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const STATES = ['waiting', 'quarantined', 'discarded', 'expired']
const PREFIXES = ['issues.*', 'pull_request.*', 'charge.*', 'review.*']

/** Every filter of the list alone, those that belong together, those that match nothing, and deep pages. */
export function queryKinds(count: number, now: Date): QueryKind[] {
  const some = (index: number): number => (index * 7_919) % count
  const daysAgo = (days: number): string => new Date(now.getTime() - days * DAY_MS).toISOString()
  /** An hour of the week. */
  const hour = (index: number): Query => {
    const from = now.getTime() - SPREAD_DAYS * DAY_MS + (index % 150) * HOUR_MS
    return { from: new Date(from).toISOString(), to: new Date(from + HOUR_MS).toISOString() }
  }
  const found = (name: string, query: QueryKind['query']): QueryKind => ({
    name,
    query,
    finds: 'some',
  })
  const nothing = (name: string, query: QueryKind['query']): QueryKind => ({
    name,
    query,
    finds: 'none',
  })

  return [
    found('no filter', () => ({})),
    found('no filter, 200 on a page', () => ({ limit: '200' })),
    found('source', (index) => ({ source: kind(index).source })),
    found('type', (index) => ({ type: kind(index).type })),
    found('type, one in 10,000', () => ({ type: 'charge.dispute.created' })),
    found('type by its beginning', (index) => ({ type: oneOf(PREFIXES, index) })),
    found('state: dispatched', () => ({ state: 'dispatched' })),
    found('state: accepted', () => ({ state: 'accepted' })),
    found('state: set aside', (index) => ({ state: oneOf(STATES, index) })),
    // Every fifth has no subject.
    found('subject', (index) => ({ subject: subjectOf((index * 5 + 1) % SUBJECTS) })),
    found('key', (index) => ({ key: keyOf(some(index)) })),
    found('key of a duplicate', (index) => ({
      key: duplicateKeyOf(some(index) - (some(index) % ONE_CAME_AGAIN_IN)),
    })),
    found('from and to: an hour', hour),
    found('source, type and an hour', (index) => ({
      ...hour(index),
      type: 'push',
      source: 'github',
    })),
    found('type by its beginning and an hour', (index) => ({ ...hour(index), type: 'issues.*' })),
    found('source and state', (index) => ({ source: kind(index).source, state: 'quarantined' })),
    found('type, state and before a day', (index) => ({
      type: 'issues.edited',
      state: oneOf(STATES, index),
      to: daysAgo(1 + (index % 4)),
    })),
    found('dispatched of a rare type', () => ({
      type: 'charge.dispute.created',
      state: 'dispatched',
    })),
    nothing('unknown source', (index) => ({ source: `nobody-${index}` })),
    nothing('unknown type', (index) => ({ type: `nothing.${index}` })),
    nothing('unknown beginning of a type', (index) => ({ type: `nothing.${index}*` })),
    nothing('unknown subject', (index) => ({ subject: `acme/nothing#${index}` })),
    nothing('unknown key', (index) => ({ key: `never-${index}` })),
    nothing('type of another source', () => ({ type: 'push', source: 'stripe' })),
    nothing('before the first', () => ({ to: daysAgo(SPREAD_DAYS + 1) })),
    nothing('state and type before the first', (index) => ({
      type: kind(index).type,
      state: oneOf(STATES, index),
      to: daysAgo(SPREAD_DAYS + 1),
    })),
    { name: 'pages in turn', query: () => ({ limit: '200' }), turnsPages: true, finds: 'some' },
    {
      name: 'pages in turn from five days ago',
      query: () => ({ to: daysAgo(5) }),
      turnsPages: true,
      finds: 'some',
    },
    {
      name: 'pages in turn of a type of a source',
      query: () => ({ type: 'issues.opened', source: 'github' }),
      turnsPages: true,
      finds: 'some',
    },
    {
      name: 'pages in turn of what is in quarantine',
      query: () => ({ state: 'quarantined', limit: '20' }),
      turnsPages: true,
      finds: 'some',
    },
  ]
}

const kind = (index: number) => oneOf(TYPES, index)

/** What is asked for while an outage has left the youngest events open, {@link leaveOpen}. */
export const outageKinds: readonly QueryKind[] = [
  { name: 'outage: no filter', query: () => ({}), finds: 'some' },
  { name: 'outage: state: accepted', query: () => ({ state: 'accepted' }), finds: 'some' },
  { name: 'outage: state: dispatched', query: () => ({ state: 'dispatched' }), finds: 'some' },
  {
    name: 'outage: accepted of a rare type',
    query: () => ({ type: 'charge.dispute.created', state: 'accepted' }),
    finds: 'some',
  },
  {
    name: 'outage: dispatched of a type',
    query: (index) => ({ type: kind(index).type, state: 'dispatched' }),
    finds: 'some',
  },
]

function oneOf<Item>(items: readonly Item[], index: number): Item {
  const item = items[index % items.length]
  if (item === undefined) throw new Error('Expected something to choose from, received nothing.')
  return item
}
