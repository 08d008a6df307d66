import { Hono } from 'hono'
import type { Pool } from 'pg'
import { spend } from '../models/spend.ts'
import type { ApiEnv } from './gate.ts'
import { SpendQuery } from './money-schemas.ts'
import { invalidRequest } from './problems.ts'

const THIRTY_DAYS_MS = 30 * 24 * 60 * 60_000

/** What model calls cost, summed up by one thing or another. */
export function createSpendRoutes({ pool }: { pool: Pool }): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()

  routes.get('/api/spend', async (c) => {
    const query = SpendQuery.safeParse(c.req.query())
    if (!query.success) return invalidRequest(query.error.issues)
    const { by, limit, to = new Date().toISOString() } = query.data
    const { from = new Date(Date.parse(to) - THIRTY_DAYS_MS).toISOString() } = query.data
    const found = await spend(pool, { tenant: c.get('tenant'), from, to, by, limit })
    return c.json({ by, from, to, ...found })
  })

  return routes
}
