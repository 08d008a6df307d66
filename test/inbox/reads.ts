import type { Pool } from 'pg'
import { openPool } from '../../src/store/pool.ts'
import { until } from '../house.ts'

/** How many rows and index entries of a table some work reads that is done by connections of its own. */
export async function readsOf(
  { pool, url, table }: { pool: Pool; url: string; table: string },
  work: (own: Pool) => Promise<unknown>,
): Promise<number> {
  const before = await count()
  const own = openPool({ databaseUrl: `${url}?application_name=reads`, size: 4 })
  await work(own)
  // A connection tells what it has read before it is gone.
  await own.end()
  await until('its connections to be gone', async () => {
    const { rows } = await pool.query(
      `select from pg_stat_activity where datname = current_database() and application_name = 'reads'`,
    )
    return rows.length === 0
  })
  return (await count()) - before

  async function count(): Promise<number> {
    await pool.query('select pg_stat_clear_snapshot()')
    const { rows } = await pool.query<{ read: number }>(
      `select (seq_tup_read + coalesce((select sum(idx_tup_read) from pg_stat_user_indexes each
                                         where each.relid = tables.relid), 0))::int as read
         from pg_stat_user_tables tables where relname = $1`,
      [table],
    )
    return rows[0]?.read ?? 0
  }
}
