import { Hono } from 'hono'
import type { Pool } from 'pg'
import { findReject, listRejects } from '../inbox/reject-list.ts'
import type { ApiEnv } from './gate.ts'
import { invalidRequest, problem } from './problems.ts'
import { RejectsQuery } from './schemas.ts'

/** Requests that were refused at the door, and why. */
export function createRejectRoutes({ pool }: { pool: Pool }): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()

  routes.get('/api/rejects', async (c) => {
    const query = RejectsQuery.safeParse(c.req.query())
    if (!query.success) return invalidRequest(query.error.issues)
    return c.json(await listRejects(pool, { tenant: c.get('tenant'), ...query.data }))
  })

  routes.get('/api/rejects/:id', async (c) => {
    const id = c.req.param('id')
    const reject = await findReject(pool, { tenant: c.get('tenant'), id })
    return reject === null
      ? problem('not_found', `There is no refused request '${id}'.`)
      : c.json(reject)
  })

  return routes
}
