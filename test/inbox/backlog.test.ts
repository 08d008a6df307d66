import pino from 'pino'
import { afterAll, expect, test } from 'vitest'
import { createAccept } from '../../src/inbox/accept.ts'
import { createBacklog } from '../../src/inbox/backlog.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openPool } from '../../src/store/pool.ts'
import { createDatabase } from '../harness.ts'
import { until } from '../house.ts'
import { received } from './received.ts'

const { url } = await createDatabase()
const pool = openPool({ databaseUrl: url, size: 4 })
await migrate(pool)
afterAll(() => pool.end())
const accept = createAccept(pool, () => undefined)
await accept({ events: ['a', 'b', 'c'].map((key) => received(key)) })
await pool.query(
  `update events set received_at = now() - interval '100 s', state_at = now() - interval '100 s' where key = 'a'`,
)

async function lookWith(bounds: { maxOpenEvents: number; maxAgeSeconds: number }) {
  const told: boolean[] = []
  const backlog = createBacklog({
    pool,
    bounds,
    onLook: (isShedding) => told.push(isShedding),
    log: pino({ level: 'silent' }),
  })
  await until('the first look', () => Promise.resolve(told.length > 0))
  await backlog.stop()
  return { found: backlog.current(), isShedding: backlog.isShedding(), told }
}

test.each([
  ['within its bounds', { maxOpenEvents: 3, maxAgeSeconds: 3_600 }, false],
  ['with more events than its bound', { maxOpenEvents: 2, maxAgeSeconds: 3_600 }, true],
  ['with an event that is older than its bound', { maxOpenEvents: 3, maxAgeSeconds: 99 }, true],
])('an inbox %s', async (_, bounds, isShedding) => {
  const looked = await lookWith(bounds)

  expect(looked.found?.openEvents).toBe(3)
  expect(looked.found?.oldestSeconds).toBeGreaterThanOrEqual(100)
  expect(looked).toMatchObject({ isShedding, told: [isShedding] })
})

test('what was released just now is new, however old it is, and what never starts has no age', async () => {
  await pool.query(
    `update events set received_at = now() - interval '3 days',
            state_at = case key when 'a' then now() else now() - interval '3 days' end,
            state = case key when 'a' then 'accepted' else 'waiting' end,
            reason = case key when 'a' then null else 'dispatch_failed' end`,
  )

  const looked = await lookWith({ maxOpenEvents: 3, maxAgeSeconds: 60 })

  expect(looked).toMatchObject({ found: { openEvents: 3 }, isShedding: false })
})

test('what is done is not counted, and nothing is no age', async () => {
  await pool.query('update events set dispatch_after = null')

  const looked = await lookWith({ maxOpenEvents: 1, maxAgeSeconds: 1 })

  expect(looked).toMatchObject({
    found: { openEvents: 0, oldestSeconds: 0 },
    isShedding: false,
  })
})
