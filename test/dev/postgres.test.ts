import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, expect, test } from 'vitest'
import { erasePostgres } from '../../dev/postgres-home.ts'
import { startPostgres } from '../../dev/postgres.ts'
import { createProgress } from '../../dev/progress.ts'

const parent = mkdtempSync(join(tmpdir(), 'onset-test-'))
const folder = join(parent, 'postgres')
const progress = createProgress({ write: () => undefined })
afterAll(() => {
  erasePostgres(folder)
  rmSync(parent, { recursive: true })
})

test('Postgres keeps its data, address and password when it is stopped or killed', async () => {
  const first = await startPostgres({ folder, progress })
  await query(first.url, 'create table kept as select 1 as value')
  await first.stop()

  const second = await startPostgres({ folder, progress })
  await query(second.url, 'insert into kept values (2)')
  process.kill(second.pid, 'SIGKILL')
  const end = await second.ended

  const third = await startPostgres({ folder, progress })
  const rows = await query(third.url, 'select value from kept order by value')
  await third.stop()

  expect(end).toMatchObject({ name: 'Postgres', expected: false })
  expect(rows).toEqual([{ value: 1 }, { value: 2 }])
  expect(third.url).toBe(first.url)
})

test('a server that was left behind is ended by the next start', async () => {
  const left = await startPostgres({ folder, progress })

  const next = await startPostgres({ folder, progress })
  await next.stop()

  expect(await left.ended).toMatchObject({ expected: false, code: 0 })
})

test('a start that is not durable begins empty', async () => {
  const durable = await startPostgres({ folder, progress })
  await query(durable.url, 'create table if not exists gone ()')
  await durable.stop()

  const empty = await startPostgres({ folder, progress, durable: false })
  const rows = await query(
    empty.url,
    `select to_regclass('gone') as gone, current_setting('fsync') as fsync`,
  )
  await empty.stop()

  expect(rows).toEqual([{ gone: null, fsync: 'off' }])
})

async function query(url: string, statement: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query(statement)
  await client.end()
  return rows
}
