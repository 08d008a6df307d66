import { Hono } from 'hono'
import type { Pool } from 'pg'
import { withSecretsMasked } from '../contracts/headers.ts'
import type { Accept } from '../inbox/accept.ts'
import { readCloudEvents } from '../inbox/cloud-events.ts'
import { findEvent, type StoredEvent } from '../inbox/event-details.ts'
import { searchEvents } from '../inbox/event-search.ts'
import { EventsQuery } from './event-schemas.ts'
import type { ApiEnv } from './gate.ts'
import { invalidRequest, problem } from './problems.ts'

// The source under which events of our own API stand in the inbox.
const INTERNAL_SOURCE = 'internal'

interface EventDependencies {
  pool: Pool
  accept: Accept
  maskEvent?: MaskEvent
}

/** Makes an event fit to be shown: without what would let its reader in somewhere, or act. */
export type MaskEvent = (event: StoredEvent) => StoredEvent

/** Masks the headers that may be credentials. */
export const maskHeaders: MaskEvent = (event) => ({
  ...event,
  headers: withSecretsMasked(event.headers, []),
})

/** Events: how programs of ours and others bring them, and what came of one. */
export function createEventRoutes({
  pool,
  accept,
  maskEvent = maskHeaders,
}: EventDependencies): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()

  routes.post('/api/events', async (c) => {
    const reading = readCloudEvents({
      tenant: c.get('tenant'),
      source: INTERNAL_SOURCE,
      url: c.req.url,
      headers: c.req.header(),
      body: new Uint8Array(await c.req.arrayBuffer()),
      receivedAt: new Date().toISOString(),
    })
    if (reading.outcome === 'invalid_request') {
      return invalidRequest(reading.issues, 'invalid_event')
    }
    if (reading.outcome !== 'read') return problem(reading.outcome, reading.detail)

    const accepted = await accept({ events: reading.events })
    return c.json(reading.batch ? { events: accepted } : accepted[0], 202)
  })

  routes.get('/api/events', async (c) => {
    const query = EventsQuery.safeParse(c.req.query())
    if (!query.success) return invalidRequest(query.error.issues)
    const given = Object.entries(query.data).filter(([, value]) => value !== undefined)
    const { limit } = query.data
    const filter = { tenant: c.get('tenant'), ...Object.fromEntries(given), limit }
    return c.json(await searchEvents(pool, filter))
  })

  routes.get('/api/events/:id', async (c) => {
    const id = c.req.param('id')
    const event = await findEvent(pool, { tenant: c.get('tenant'), id })
    if (event === null) return problem('not_found', `There is no event '${id}'.`)
    return c.json(maskEvent(event))
  })

  return routes
}
