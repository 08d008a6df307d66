import { readdir, readFile } from 'node:fs/promises'
import type { Pool } from 'pg'

// Any number that nothing else in the database uses as an advisory lock.
const MIGRATION_LOCK = 7_202_604
const PATIENCE_MS = 60 * 60_000

/**
 * Brings the database to the newest schema: applies each `NNNN_name.sql` that it has not seen, in order, each in its
 * own transaction. Processes that start at once wait for each other. Returns the names that were applied.
 */
export async function migrate(pool: Pool): Promise<string[]> {
  const folder = new URL('./migrations/', import.meta.url)
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted()
  const client = await pool.connect()
  try {
    // Neither waiting for another process nor a long migration is a hang.
    await client.query('set statement_timeout = 0')
    const patiently = { query_timeout: PATIENCE_MS }
    await client.query({
      ...patiently,
      text: 'select pg_advisory_lock($1)',
      values: [MIGRATION_LOCK],
    })
    await client.query(
      'create table if not exists migrations (name text primary key, at timestamptz not null default now())',
    )
    const { rows } = await client.query<{ name: string }>('select name from migrations')
    const seen = new Set(rows.map((row) => row.name))
    const missing = names.filter((name) => !seen.has(name))
    for (const name of missing) {
      const sql = await readFile(new URL(name, folder), 'utf8')
      // One simple query is one transaction: all of a file or none of it.
      const text = `begin;\n${sql}\ninsert into migrations (name) values ('${name}');\ncommit`
      await client.query({ ...patiently, text })
    }
    return missing
  } finally {
    // Ends the session, and with it the lock and whatever a failed migration left open.
    client.release(true)
  }
}
