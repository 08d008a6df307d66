import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import type { Accepted } from '../../contracts/event.ts'
import { withoutSecrets } from '../../contracts/headers.ts'
import type { Accept } from '../../inbox/accept.ts'
import type { Reject } from '../../inbox/rejects.ts'
import {
  type Arrival,
  arrivalOf,
  hasBody,
  noRoom,
  stopAtDoor,
  type Surroundings,
  tooLarge,
} from './door.ts'
import { createBodyRoom } from './body-room.ts'
import type { Endpoint } from './endpoint.ts'
import { createOpen } from './open-off-loop.ts'
import { readBody } from './read-body.ts'
import { createReceive } from './receive.ts'
import type { Refusal, RefusalCode } from './refusal.ts'
import { type Answer, jsonAnswer } from './request.ts'
import { createThrottle } from './throttle.ts'

interface HooksOptions extends Surroundings {
  endpoints: Endpoint[]
  accept: Accept
  /** Makes the answer to a refused delivery. */
  refuse(code: RefusalCode, detail: string, options: { headers: Record<string, string> }): Response
  /** Is told of each answer, for metrics: the source, and `accepted`, `duplicate` or why it was refused. */
  onAnswer(source: string, answer: string): void
  /** Is told of each refused request but those that are delivered again. Must return at once. */
  onReject(reject: Reject): void
}

/**
 * `POST /hooks/:source`: looks at the head, reads the bytes once, verifies, keeps, answers, in this order. 200 means
 * that the event is durable, now or already; only then is anything else done with it.
 */
export function createHooks(options: HooksOptions): Hono<{ Bindings: HttpBindings }> {
  const { endpoints, accept, refuse, onAnswer, onReject } = options
  const bySource = new Map(endpoints.map((endpoint) => [endpoint.source, endpoint]))
  const receive = createReceive(createOpen())
  const throttle = createThrottle()
  const room = createBodyRoom()
  const hooks = new Hono<{ Bindings: HttpBindings }>()

  hooks.post('/hooks/:source', async (c) => {
    const { incoming } = c.env
    const arrival = arrivalOf(incoming, options)
    const endpoint = bySource.get(c.req.param('source'))
    if (endpoint === undefined) return turnAway(unknownSource, { arrival })
    const stopped = stopAtDoor(endpoint, arrival, { isShedding: options.isShedding(), room })
    if (stopped !== null) return turnAway(stopped, { arrival, endpoint })

    const share = room.share()
    try {
      const read = await readBody(incoming, { limitBytes: endpoint.limitBytes, share })
      if (read.outcome === 'too_large') {
        return turnAway(tooLarge(endpoint.limitBytes), { arrival, endpoint })
      }
      if (read.outcome === 'no_room') return turnAway(noRoom(), { arrival, endpoint })
      if (read.outcome === 'crumbled') return turnAway(crumbled, { arrival, endpoint })
      // Nobody is there any more to read it.
      if (read.outcome === 'broken_off')
        return refuse('invalid_request', brokenOff, { headers: {} })
      return await handle(endpoint, arrival, read.body)
    } finally {
      share.release()
    }
  })

  return hooks

  async function handle(endpoint: Endpoint, arrival: Arrival, body: Uint8Array): Promise<Response> {
    const { method, url, headers, address, proxied, publicUrl } = arrival
    const { source, preset, limitBytes } = endpoint
    const now = new Date()
    const request = { method, url, headers, body, address, proxied }
    const received = await receive(endpoint, request, now)
    const size = body.length
    if (received.outcome === 'too_large') {
      return turnAway(tooLarge(limitBytes), { arrival, endpoint, size })
    }
    if (received.outcome === 'refused') {
      const waits =
        preset.alwaysUnauthorized === true ? null : throttle.failed(address, now.getTime())
      return turnAway(unverified(received, waits), { arrival, endpoint, size })
    }
    if (received.outcome === 'answered') {
      onAnswer(source, 'handshake')
      return toResponse(received.answer)
    }
    const accepted = await accept(received.delivery)
    for (const { status } of accepted) onAnswer(source, status)
    const context = { publicUrl, request: received.request }
    return toResponse(preset.answer?.(accepted, context) ?? plainAnswer(accepted))
  }

  function turnAway(
    { code, detail, step, reason, retryAfterSeconds }: Refusal,
    { arrival, endpoint, size }: { arrival: Arrival; endpoint?: Endpoint; size?: number },
  ): Response {
    const { method, address, headers, path } = arrival
    const response = refuse(code, detail, {
      headers: {
        // What nobody has read must not be taken for the next request.
        ...(size === undefined && hasBody(arrival) ? { connection: 'close' } : {}),
        ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
      },
    })
    if (endpoint !== undefined) onAnswer(endpoint.source, code)
    if (code === 'overloaded') return response
    const declared = headers['content-length']
    onReject({
      source: endpoint?.source ?? null,
      preset: endpoint?.preset.name ?? null,
      address,
      method,
      path: path.split('?', 1).join(''),
      status: response.status,
      step,
      reason,
      headers: () => withoutSecrets(headers, endpoint?.preset.signatureHeaders ?? []),
      size: size ?? (declared === undefined ? null : Number(declared)),
    })
    return response
  }
}

const brokenOff = 'The connection broke within the body.'

const unknownSource: Refusal = {
  code: 'not_found',
  detail: 'No source has this endpoint.',
  step: 'source',
  reason: 'No source has this endpoint.',
}

const crumbled: Refusal = {
  code: 'invalid_request',
  detail: 'The body comes in pieces that are too small.',
  step: 'size',
  reason: 'The body comes in pieces of a few bytes.',
}

// Which step it was is for operators alone.
const unverified = (
  { step, reason }: { step: string; reason: string },
  retryAfterSeconds: number | null,
): Refusal =>
  retryAfterSeconds === null
    ? { code: 'unauthorized', detail: 'The request is not verified.', step, reason }
    : {
        code: 'too_many_failures',
        detail: 'Too many requests from this address were not verified.',
        step,
        reason,
        retryAfterSeconds,
      }

const plainAnswer = (accepted: Accepted[]): Answer =>
  jsonAnswer(accepted.length === 1 ? accepted[0] : { events: accepted })

const toResponse = ({ status, contentType, body }: Answer): Response =>
  new Response(body === '' ? null : body, {
    status,
    headers: contentType === undefined ? {} : { 'content-type': contentType },
  })
