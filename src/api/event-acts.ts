import { Hono } from 'hono'
import type { Pool } from 'pg'
import type { z } from 'zod'
import { findEvent, findRequest, type StoredRequest } from '../inbox/event-details.ts'
import { type Act, discard, release } from '../inbox/quarantine.ts'
import { createReplay, findReplay } from '../inbox/replays.ts'
import { Actor, Discard, Release, type Reverified } from './event-schemas.ts'
import { maskHeaders, type MaskEvent } from './events.ts'
import type { ApiEnv } from './gate.ts'
import { type ProblemCode, problem } from './problems.ts'
import { readRequest } from './read-json.ts'

/** Judges a stored request again, with today's keys, at its time of receipt. */
export type Reverify = (stored: StoredRequest) => Promise<z.infer<typeof Reverified>>

interface ActDependencies {
  pool: Pool
  reverify: Reverify
  maskEvent?: MaskEvent
}

/** What operators do with one event: verify it again, release, discard or replay it. */
export function createEventActRoutes({
  pool,
  reverify,
  maskEvent = maskHeaders,
}: ActDependencies): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()

  routes.post('/api/events/:id/verify', async (c) => {
    const id = c.req.param('id')
    const stored = await findRequest(pool, { tenant: c.get('tenant'), id })
    return stored === null ? noEvent(id) : c.json(await reverify(stored))
  })

  routes.post('/api/events/:id/release', async (c) => {
    const request = await readRequest(c.req.raw, Release)
    if (request instanceof Response) return request
    const { by, body, bodyBase64 } = request
    const repaired =
      bodyBase64 === undefined ? encode(body) : { body: Buffer.from(bodyBase64, 'base64') }
    const on = { tenant: c.get('tenant'), id: c.req.param('id') }
    return answer(on, await release(pool, { ...on, by, ...repaired }), 'not_in_quarantine')
  })

  routes.post('/api/events/:id/discard', async (c) => {
    const request = await readRequest(c.req.raw, Discard)
    if (request instanceof Response) return request
    const { by, reason } = request
    const on = { tenant: c.get('tenant'), id: c.req.param('id') }
    const act = await discard(pool, { ...on, by, ...(reason === undefined ? {} : { reason }) })
    return answer(on, act, 'not_discardable')
  })

  routes.post('/api/events/:id/replay', async (c) => {
    const request = await readRequest(c.req.raw, Actor)
    if (request instanceof Response) return request
    const tenant = c.get('tenant')
    const id = c.req.param('id')
    const range = { eventId: id }
    const made = await createReplay(pool, { tenant, by: request.by, perSecond: 1, range })
    if (made.outcome === 'made') return c.json(await findReplay(pool, { tenant, id: made.id }), 202)
    return answer({ tenant, id }, 'not_possible', 'not_replayable')
  })

  return routes

  async function answer(
    on: { tenant: string; id: string },
    act: Act,
    refusal: ProblemCode,
  ): Promise<Response> {
    const event = await findEvent(pool, on)
    if (event === null) return noEvent(on.id)
    if (act !== 'done') return problem(refusal, `It is ${event.state} since ${event.stateAt}.`)
    return Response.json(maskEvent(event))
  }
}

const encode = (text: string | undefined): { body?: Uint8Array } =>
  text === undefined ? {} : { body: new TextEncoder().encode(text) }

const noEvent = (id: string): Response => problem('not_found', `There is no event '${id}'.`)
