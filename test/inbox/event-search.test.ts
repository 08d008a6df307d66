import { expect, test } from 'vitest'
import type { EventFilter } from '../../src/inbox/event-search.ts'
import { searchEvents } from '../../src/inbox/event-search.ts'
import { openInbox } from './open-inbox.ts'
import { received } from './received.ts'
import { planSearch } from '../../src/inbox/search-plan.ts'

const { pool, accept, dispatched, setRead } = await openInbox()
const ROWS = 50_000
const START = Date.parse('2026-01-01T00:00:00Z')
/** A minute each, with 50 of one moment at a time, as one statement writes them. */
const timeOf = (n: number): string => new Date(START + Math.floor(n / 50) * 60_000).toISOString()
const SOURCES = 12

// Every 5,000th is of a rare type, every 500th in quarantine, every 700th has a dispatch there.
await pool.query(
  `insert into events (id, tenant, source, key, type, subject, time, received_at, state_at, method, url, headers,
          content_type, body, correlation_id, state, held)
   select 'evt_' || lpad(to_hex(n), 8, '0'), 'default', 'source-' || n % ${SOURCES}, 'key-' || n,
          case when n % 5000 = 3 then 'issues.rare' when n % 2 = 0 then 'issues.opened' else 'push' end,
          case when n % 3 = 0 then 'thing-' || n / 1000 end, at, at, at, 'POST', '', '{}', '', 'body', '',
          case when n % 500 = 0 then 'quarantined' else 'dispatched' end, n % 700 = 1
     from (select n, timestamptz '2026-01-01T00:00:00Z' + n / 50 * interval '1 minute' as at
             from generate_series(0, ${ROWS - 1}) n) seeded`,
)
await pool.query(
  `insert into event_duplicates (event_id, key, times, first_at, last_at)
   values ('evt_' || lpad(to_hex(77), 8, '0'), 'changed-key', 1, now(), now())`,
)
await pool.query('analyze events')

type Wanted = Omit<EventFilter, 'tenant' | 'limit'>

const isQuarantined = (n: number): boolean => n % 500 === 0 || n % 700 === 1
const typeOf = (n: number): string => {
  if (n % 5000 === 3) return 'issues.rare'
  return n % 2 === 0 ? 'issues.opened' : 'push'
}

/** The same filter in the plainest words. */
function matches(n: number, { source, type, state, subject, key, from, to }: Wanted): boolean {
  const own = typeOf(n)
  return (
    (source === undefined || source === `source-${n % SOURCES}`) &&
    (type === undefined ||
      own === type ||
      (type.endsWith('*') && own.startsWith(type.slice(0, -1)))) &&
    (state === undefined ||
      (state === 'quarantined' && isQuarantined(n)) ||
      (state === 'dispatched' && n % 500 !== 0)) &&
    (subject === undefined || (n % 3 === 0 && subject === `thing-${Math.floor(n / 1_000)}`)) &&
    (key === undefined || key === `key-${n}` || (key === 'changed-key' && n === 77)) &&
    (from === undefined || timeOf(n) >= from) &&
    (to === undefined || timeOf(n) < to)
  )
}

const newestFirst = (filter: Wanted): string[] =>
  Array.from({ length: ROWS }, (_, index) => ROWS - 1 - index)
    .filter((n) => matches(n, filter))
    .map((n) => `evt_${n.toString(16).padStart(8, '0')}`)

const cases: Wanted[] = [
  {},
  { source: 'source-3' },
  { source: 'nowhere' },
  { type: 'push' },
  { type: 'issues.*' },
  { type: '*' },
  { type: 'issues.rare' },
  { type: 'none' },
  { type: 'none*' },
  { source: 'source-3', type: 'issues.rare' },
  { source: 'source-2', type: 'push' },
  { state: 'quarantined' },
  { state: 'quarantined', type: 'issues.*', source: 'source-8' },
  { state: 'dispatched' },
  { state: 'dispatched', type: 'issues.rare' },
  { state: 'waiting' },
  { state: 'accepted', source: 'source-3' },
  { state: 'expired', type: 'push' },
  { subject: 'thing-7' },
  { subject: 'thing-7', type: 'push', state: 'quarantined' },
  { subject: 'nothing', source: 'source-3' },
  { key: 'key-4711' },
  { key: 'key-4711', source: 'source-1' },
  { key: 'changed-key' },
  { key: 'nothing', state: 'dispatched' },
  { from: timeOf(10_000), to: timeOf(11_000) },
  { type: 'issues.*', from: timeOf(10_000), to: timeOf(11_000) },
  { state: 'quarantined', to: timeOf(2_000) },
  { source: 'source-3', from: timeOf(ROWS) },
]

test.each(cases)('%j lists what it means, page by page', async (filter) => {
  const expected = newestFirst(filter).slice(0, 120)
  const found: string[] = []
  let after: string | undefined

  do {
    const page = await searchEvents(pool, {
      tenant: 'default',
      ...filter,
      limit: 40,
      ...(after === undefined ? {} : { after }),
    })
    found.push(...page.events.map(({ id }) => id))
    after = page.next ?? undefined
  } while (after !== undefined && found.length < 120)

  expect(found.slice(0, 120)).toEqual(expected)
})

test.each(cases)('%j never walks through the table', async (filter) => {
  const { text, values } = await planSearch(pool, {
    tenant: 'default',
    ...filter,
    limit: 51,
    after: null,
  })
  const { rows } = await pool.query(`explain (analyze, buffers, format json) ${text}`, values)

  const plan = JSON.stringify(rows)
  expect(plan).not.toContain(
    '"Seq Scan","Parallel Aware":false,"Async Capable":false,"Relation Name":"events"',
  )
  const [{ Plan }] = rows[0]['QUERY PLAN']
  expect(Plan['Shared Hit Blocks'] + Plan['Shared Read Blocks']).toBeLessThan(8_000)
})

test('nothing of another tenant is listed', async () => {
  const page = await searchEvents(pool, { tenant: 'other', limit: 50 })

  expect(page).toEqual({ events: [], next: null })
})

test('a cursor that nobody made is refused', async () => {
  const filter = { tenant: 'default', limit: 2 }

  for (const after of ['', 'x', '%', Buffer.from('{"at":"now","id":"1"}').toString('base64url')]) {
    await expect(searchEvents(pool, { ...filter, after })).rejects.toThrow('Expected the cursor')
  }
})

test('a key and a subject are found however long they are', async () => {
  const key = 'k'.repeat(700)
  const subject = 's'.repeat(1_000)
  const { id } = await accept(received(key, { subject, tenant: 'other' }))

  for (const filter of [{ key }, { subject }]) {
    const { events } = await searchEvents(pool, { tenant: 'other', ...filter, limit: 5 })
    expect(events.map((event) => event.id)).toEqual([id])
  }
})

test('what is held says for which trigger and why', async () => {
  setRead(() => {
    throw new Error('No.')
  })
  const { id } = await accept(received('held', { type: 'held' }))
  await dispatched(id)

  const { events } = await searchEvents(pool, { tenant: 'default', type: 'held', limit: 5 })

  expect(events).toMatchObject([{ id, held: true, heldFor: ['tests: read_failed'] }])
})
