import type { HttpBindings } from '@hono/node-server'
import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { problem } from './problems.ts'
import type { Tokens } from './tokens.ts'

/** What every route under `/api` knows of its request. */
export interface ApiEnv {
  Bindings: Partial<HttpBindings>
  Variables: { tenant: string }
}

/** Largest body that the API reads, but for those that hold another body of an event. */
export const BODY_LIMIT = 1024 * 1024

// Whoever acts, and the names of the members.
const ENVELOPE_BYTES = 16 * 1024

/** Largest body of a request that holds an event's in base64. */
export const repairLimit = (largestEventBytes: number): number =>
  Math.ceil(largestEventBytes / 3) * 4 + ENVELOPE_BYTES

/** Lets in who shows a known bearer token, as that token's tenant. */
export function requireToken(tokens: Tokens): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const bearer = /^bearer +(\S+) *$/i.exec(c.req.header('authorization') ?? '')?.[1]
    if (bearer === undefined) {
      return refuse('Bearer realm="onset"', 'Expected the header Authorization: Bearer <token>.')
    }
    const tenant = tokens(bearer)
    if (tenant === null) {
      return refuse('Bearer realm="onset", error="invalid_token"', 'The bearer token is not known.')
    }
    c.set('tenant', tenant)
    return next()
  }
}

/** Reads bodies of plain bytes up to a size, and refuses all others before anybody parses them. */
export function limitBody(bytes: number): MiddlewareHandler {
  const limitSize = bodyLimit({
    maxSize: bytes,
    onError: () => problem('body_too_large', `The body is larger than ${bytes} bytes.`),
  })
  return async (c, next) => {
    const encoding = c.req.header('content-encoding') ?? 'identity'
    if (encoding === 'identity') return limitSize(c, next)
    return problem('unsupported_media_type', `The content encoding '${encoding}' is not supported.`)
  }
}

function refuse(challenge: string, detail: string): Response {
  return problem('unauthorized', detail, { headers: { 'www-authenticate': challenge } })
}
