import { Hono } from 'hono'
import type { Pool } from 'pg'
import { pageCalls } from '../models/calls.ts'
import type { ApiEnv } from './gate.ts'
import { LedgerQuery } from './money-schemas.ts'
import { invalidRequest } from './problems.ts'

/** The ledger: attempts of model calls with what they cost. */
export function createLedgerRoutes({ pool }: { pool: Pool }): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()

  routes.get('/api/ledger', async (c) => {
    const query = LedgerQuery.safeParse(c.req.query())
    if (!query.success) return invalidRequest(query.error.issues)
    const { output, ...filter } = query.data
    // Answers of many runs are much to read, and nobody's business by accident.
    const withOutput = output === undefined ? filter.run !== undefined : output === '1'
    return c.json(await pageCalls(pool, { tenant: c.get('tenant'), ...filter, withOutput }))
  })

  return routes
}
