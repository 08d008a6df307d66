import { Hono } from 'hono'
import { except } from 'hono/combine'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { Accept } from '../inbox/accept.ts'
import type { Decide } from '../runs/approvals.ts'
import type { RunLog } from '../runs/run-log.ts'
import { createApprovalRoutes } from './approvals.ts'
import { createEventActRoutes, type Reverify } from './event-acts.ts'
import { createEventRoutes, type MaskEvent } from './events.ts'
import { answerFault } from './faults.ts'
import { type ApiEnv, BODY_LIMIT, limitBody, repairLimit, requireToken } from './gate.ts'
import { createProbeRoutes, type Probes } from './probes.ts'
import { createRejectRoutes } from './rejects.ts'
import { createReplayRoutes } from './replays.ts'
import { createRunRoutes } from './runs.ts'
import { answerUnrouted } from './unrouted.ts'
import type { Tokens } from './tokens.ts'

/** What the API stands on. */
export interface ApiDependencies extends Probes {
  pool: Pool
  accept: Accept
  runLog: RunLog
  decide: Decide
  tokens: Tokens
  /** Judges a stored request again, with today's keys. */
  reverify: Reverify
  /** Hides what in an event would let its reader in somewhere, or act. @default masks the headers that may */
  maskEvent?: MaskEvent
  /** Bytes of the largest body that any source takes: so much can be repaired. @default 1 MB */
  largestEventBytes?: number
  log: Logger
}

const RELEASE = '/api/events/:id/release'

/**
 * The HTTP side of Onset. Other routers are mounted on it with `route('/', …)`: it is what answers unknown paths,
 * wrong methods and faults with problem documents, theirs included.
 */
export function createApi(dependencies: ApiDependencies): Hono<ApiEnv> {
  const { tokens, largestEventBytes = BODY_LIMIT, log } = dependencies
  const api = new Hono<ApiEnv>()

  api.onError((error) => answerFault(error, log))
  api.notFound((c) => answerUnrouted(api.routes, c.req))
  api.use('/api/*', requireToken(tokens), except(RELEASE, limitBody(BODY_LIMIT)))
  api.use(RELEASE, limitBody(repairLimit(largestEventBytes)))

  api.route('/', createProbeRoutes(dependencies))
  api.route('/', createEventRoutes(dependencies))
  api.route('/', createEventActRoutes(dependencies))
  api.route('/', createReplayRoutes(dependencies))
  api.route('/', createRejectRoutes(dependencies))
  api.route('/', createRunRoutes(dependencies))
  api.route('/', createApprovalRoutes(dependencies))
  return api
}
