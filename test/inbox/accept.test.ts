import { afterAll, expect, test } from 'vitest'
import { createAccept } from '../../src/inbox/accept.ts'
import type { InboxEvent } from '../../src/inbox/events-table.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openPool } from '../../src/store/pool.ts'
import { createDatabase } from '../harness.ts'
import { alone } from './open-inbox.ts'
import { received } from './received.ts'

const { url: databaseUrl } = await createDatabase()
const pool = openPool({ databaseUrl, size: 10 })
afterAll(() => pool.end())
await migrate(pool)

const accepted: InboxEvent[] = []
const accept = alone(createAccept(pool, (event) => accepted.push(event)))

async function statements(): Promise<number> {
  const { rows } = await pool.query(
    `select xact_commit::int as commits from pg_stat_database where datname = current_database()`,
  )
  return rows[0].commits
}

test('an event is a row with exactly the bytes that came', async () => {
  const body = Buffer.from([0, 255, 254, 10, 13, 0x5c, 0x22])

  const { id, status } = await accept(received('bytes', { body, subject: 'a"b\\c\n' }))

  const { rows } = await pool.query('select * from events where id = $1', [id])
  expect(status).toBe('accepted')
  expect(id).toMatch(/^evt_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(rows[0].body.equals(body)).toBe(true)
  expect(rows[0]).toMatchObject({
    subject: 'a"b\\c\n',
    state: 'accepted',
    headers: { 'x-test': 'yes' },
  })
})

test('the first with a key stands; the others get its id and start nothing', async () => {
  const before = accepted.length
  const first = await accept(received('once'))
  const again = await Promise.all(Array.from({ length: 9 }, () => accept(received('once'))))

  expect(again).toEqual(again.map(() => ({ id: first.id, status: 'duplicate' })))
  await new Promise((resolve) => setImmediate(resolve))
  expect(accepted.length - before).toBe(1)
})

test('one key may stand once in each tenant and source', async () => {
  const outcomes = await Promise.all([
    accept(received('shared')),
    accept(received('shared', { tenant: 'other' })),
    accept(received('shared', { source: 'other' })),
  ])

  expect(outcomes.map(({ status }) => status)).toEqual(['accepted', 'accepted', 'accepted'])
})

test('many callers share few statements', async () => {
  const before = await statements()

  await Promise.all(Array.from({ length: 1_000 }, (_, index) => accept(received(`group-${index}`))))

  // Statistics of other sessions arrive late, so that this can only count too few; 1,000 would be far too many.
  expect((await statements()) - before).toBeLessThan(50)
})

test('processes that accept the same keys in different orders do not stop each other', async () => {
  const others = openPool({ databaseUrl, size: 10 })
  const acceptThere = alone(createAccept(others, () => undefined))
  const keys = Array.from({ length: 400 }, (_, index) => `race-${index}`)

  const outcomes = await Promise.all([
    ...keys.map((key) => accept(received(key))),
    ...keys.toReversed().map((key) => acceptThere(received(key))),
  ])
  await others.end()

  expect(outcomes.filter(({ status }) => status === 'accepted')).toHaveLength(400)
  expect(new Set(outcomes.map(({ id }) => id)).size).toBe(400)
})

test('NUL and lone surrogates keep nothing out, wherever they stand', async () => {
  const odd = 'a\0b\ud800c'

  const { id } = await accept(
    received(odd, { type: odd, subject: odd, url: odd, headers: { 'x-odd': odd } }),
  )

  const { rows } = await pool.query('select key, type, headers from events where id = $1', [id])
  expect(rows).toEqual([{ key: 'ab\ufffdc', type: 'ab\ufffdc', headers: { 'x-odd': odd } }])
})

test('an event that Postgres cannot take fails alone', async () => {
  const outcomes = await Promise.allSettled([
    accept(received('good-1')),
    accept(received('bad', { time: 'not a time' })),
    accept(received('good-2')),
  ])

  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
})

test('what runs of ours have caused too often is kept and goes no further', async () => {
  const { id } = await accept(received('looping', { hops: 6 }))

  const { rows } = await pool.query(
    'select state, reason, dispatch_after from events where id = $1',
    [id],
  )
  expect(rows[0]).toEqual({ state: 'quarantined', reason: 'too_many_hops', dispatch_after: null })
})
