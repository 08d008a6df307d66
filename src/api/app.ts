import { Hono } from 'hono'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { Accept } from '../inbox/accept.ts'
import type { Decide } from '../runs/approvals.ts'
import type { RunLog } from '../runs/run-log.ts'
import { createApprovalRoutes } from './approvals.ts'
import { createEventActRoutes, type Reverify } from './event-acts.ts'
import { createEventRoutes, type MaskBody } from './events.ts'
import { answerFault } from './faults.ts'
import { type ApiEnv, limitBody, requireToken } from './gate.ts'
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
  /** Hides what in the body of a source's event would let its reader act. @default shows it as it is */
  maskBody?: MaskBody
  log: Logger
}

/**
 * The HTTP side of Onset. Other routers are mounted on it with `route('/', …)`: it is what answers unknown paths,
 * wrong methods and faults with problem documents, theirs included.
 */
export function createApi(dependencies: ApiDependencies): Hono<ApiEnv> {
  const { tokens, log } = dependencies
  const api = new Hono<ApiEnv>()

  api.onError((error) => answerFault(error, log))
  api.notFound((c) => answerUnrouted(api.routes, c.req))
  api.use('/api/*', requireToken(tokens), limitBody)

  api.route('/', createProbeRoutes(dependencies))
  api.route('/', createEventRoutes(dependencies))
  api.route('/', createEventActRoutes(dependencies))
  api.route('/', createReplayRoutes(dependencies))
  api.route('/', createRejectRoutes(dependencies))
  api.route('/', createRunRoutes(dependencies))
  api.route('/', createApprovalRoutes(dependencies))
  return api
}
