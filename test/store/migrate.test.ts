import { afterAll, expect, test } from 'vitest'
import { migrate } from '../../src/store/migrate.ts'
import { openPool } from '../../src/store/pool.ts'
import { createDatabase } from '../harness.ts'

const { url: databaseUrl } = await createDatabase()
const pools = Array.from({ length: 5 }, () => openPool({ databaseUrl, size: 2 }))
afterAll(() => Promise.all(pools.map((pool) => pool.end())))

test('processes that start at once apply each migration once', async () => {
  const applied = await Promise.all(pools.map(migrate))

  const names = applied.flat()
  expect(names.length).toBeGreaterThan(0)
  expect(new Set(names).size).toBe(names.length)
  expect(names).toEqual(names.toSorted())
})

test('a database that is up to date stays as it is', async () => {
  const [pool] = pools
  if (pool === undefined) throw new Error('No pool.')

  await expect(migrate(pool)).resolves.toEqual([])
})
