import { Hono } from 'hono'
import type { Pool } from 'pg'
import type { Accept } from '../inbox/accept.ts'
import { readCloudEvents } from '../inbox/cloud-events.ts'
import { findEvent } from '../inbox/event-list.ts'
import type { ApiEnv } from './gate.ts'
import { invalidRequest, problem } from './problems.ts'

/** Events: how programs of ours and others bring them, and what came of one. */
export function createEventRoutes({ pool, accept }: { pool: Pool; accept: Accept }): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()

  routes.post('/api/events', async (c) => {
    const reading = readCloudEvents({
      tenant: c.get('tenant'),
      url: c.req.url,
      headers: c.req.header(),
      body: new Uint8Array(await c.req.arrayBuffer()),
      receivedAt: new Date().toISOString(),
    })
    if (reading.outcome === 'invalid_request') return invalidRequest(reading.issues)
    if (reading.outcome !== 'read') return problem(reading.outcome, reading.detail)

    const accepted = await Promise.all(reading.events.map(accept))
    return c.json(reading.batch ? { events: accepted } : accepted[0], 202)
  })

  routes.get('/api/events/:id', async (c) => {
    const id = c.req.param('id')
    const event = await findEvent(pool, { tenant: c.get('tenant'), id })
    return event === null ? problem('not_found', `There is no event '${id}'.`) : c.json(event)
  })

  return routes
}
