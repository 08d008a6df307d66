import pino from 'pino'
import { afterAll, expect, test } from 'vitest'
import { openPool } from '../../src/store/pool.ts'
import { keepStatistics } from '../../src/store/statistics.ts'
import { createDatabase } from '../harness.ts'
import { until } from '../house.ts'

const { url: databaseUrl } = await createDatabase()
const pool = openPool({ databaseUrl, size: 2 })
afterAll(() => pool.end())

test('a table that grows fast is known to be large, and what was planned for a small one is planned anew', async () => {
  // Nobody else looks at it.
  await pool.query('create table "Grown" (id int primary key) with (autovacuum_enabled = false)')
  const loop = keepStatistics({ pool, log: pino({ level: 'silent' }) })

  await pool.query('insert into "Grown" select generate_series(1, 20000)')

  const known = await until('the size', async () => {
    const { rows } = await pool.query<{ reltuples: number }>(
      `select reltuples from pg_class where relname = 'Grown'`,
    )
    return rows[0] !== undefined && rows[0].reltuples > 0 ? rows[0].reltuples : undefined
  })
  await loop.stop()
  expect(known).toBe(20_000)
})
