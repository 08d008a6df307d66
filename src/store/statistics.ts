import type { Logger } from 'pino'
import { escapeIdentifier, type Pool } from 'pg'
import { createLoop, type Loop } from './loop.ts'

const INTERVAL_MS = 2_000

// Twice as large as it was known to be, or new: what lies between, autovacuum sees to.
const OUTGROWN = `
select pg_class.relname from pg_stat_user_tables known join pg_class on pg_class.oid = known.relid
 where known.schemaname = current_schema() and known.n_mod_since_analyze > greatest(1000, pg_class.reltuples)`

/**
 * Tells the planner of Postgres how large tables are that grow fast. It plans a prepared statement once and keeps to it
 * until it hears news of the tables, from autovacuum once a minute: until then, a flood into an empty inbox would be
 * dispatched by walking through all of it for each event.
 */
export function keepStatistics({ pool, log }: { pool: Pool; log: Logger }): Loop {
  return createLoop({ name: 'statistics', intervalMs: INTERVAL_MS, round, log })

  async function round(): Promise<void> {
    const { rows } = await pool.query<{ relname: string }>(OUTGROWN)
    for (const { relname } of rows) {
      // Where another process is at it, it is done.
      await pool.query(`analyze (skip_locked) ${escapeIdentifier(relname)}`)
    }
  }
}
