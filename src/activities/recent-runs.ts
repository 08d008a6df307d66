import type { Pool } from 'pg'
import type { RunDigest } from '../contracts/run.ts'

const MOST_RUNS = 100

/** Makes the activity that lists what a tenant's other runs were about: the youngest first, at most 100. */
export const createRecentRuns =
  (pool: Pool) =>
  async (request: { tenant: string; runId: string; since: string }): Promise<RunDigest[]> => {
    const { rows } = await pool.query<RunDigest>(
      `select workflow, summary, status from runs
        where tenant = $1 and id <> $2 and started_at >= $3 order by started_at desc limit $4`,
      [request.tenant, request.runId, request.since, MOST_RUNS],
    )
    return rows
  }
