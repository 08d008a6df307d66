import { Hono } from 'hono'
import type { Pool } from 'pg'
import {
  cancelReplay,
  createReplay,
  findReplay,
  listReplays,
  MOST_EVENTS,
} from '../inbox/replays.ts'
import { Actor, NewReplay, ReplaysQuery } from './event-schemas.ts'
import type { ApiEnv } from './gate.ts'
import { invalidRequest, problem } from './problems.ts'
import { readRequest } from './read-json.ts'

/** Replays: events that are dispatched once more, at a chosen rate. */
export function createReplayRoutes({ pool }: { pool: Pool }): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()

  routes.post('/api/replays', async (c) => {
    const request = await readRequest(c.req.raw, NewReplay)
    if (request instanceof Response) return request
    const { by, perSecond, type, ...range } = request
    const tenant = c.get('tenant')
    const made = await createReplay(pool, {
      tenant,
      by,
      perSecond,
      range: { ...range, ...(type === undefined ? {} : { type }) },
    })
    if (made.outcome === 'made') return c.json(await findReplay(pool, { tenant, id: made.id }), 202)
    const detail = `Expected at most ${MOST_EVENTS} events: name a shorter time or a type.`
    return problem('replay_too_large', detail)
  })

  routes.get('/api/replays', async (c) => {
    const query = ReplaysQuery.safeParse(c.req.query())
    if (!query.success) return invalidRequest(query.error.issues)
    return c.json({ replays: await listReplays(pool, { tenant: c.get('tenant'), ...query.data }) })
  })

  routes.get('/api/replays/:id', async (c) => {
    const id = c.req.param('id')
    const replay = await findReplay(pool, { tenant: c.get('tenant'), id })
    return replay === null ? noReplay(id) : c.json(replay)
  })

  routes.post('/api/replays/:id/cancel', async (c) => {
    const request = await readRequest(c.req.raw, Actor)
    if (request instanceof Response) return request
    const on = { tenant: c.get('tenant'), id: c.req.param('id') }
    await cancelReplay(pool, { ...on, by: request.by })
    const replay = await findReplay(pool, on)
    return replay === null ? noReplay(on.id) : c.json(replay)
  })

  return routes
}

const noReplay = (id: string): Response => problem('not_found', `There is no replay '${id}'.`)
