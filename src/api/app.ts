import { Hono } from 'hono'
import { except } from 'hono/combine'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { Accept } from '../inbox/accept.ts'
import type { StartRun } from '../inbox/start-run.ts'
import type { ModelConfig } from '../models/model-config.ts'
import type { Prompts } from '../models/prompts.ts'
import type { Decide } from '../runs/approvals.ts'
import type { CancelRun } from '../runs/cancel.ts'
import type { RunLog } from '../runs/run-log.ts'
import type { DecideParked } from '../runs/parked.ts'
import { createApprovalRoutes } from './approvals.ts'
import { createEventActRoutes, type Reverify } from './event-acts.ts'
import { createEventRoutes, type MaskEvent } from './events.ts'
import { createBudgetRoutes } from './budgets.ts'
import { answerFault } from './faults.ts'
import { type ApiEnv, BODY_LIMIT, limitBody, repairLimit, requireToken } from './gate.ts'
import { createLedgerRoutes } from './ledger.ts'
import { createModelRoutes } from './models.ts'
import { createParkedRoutes } from './parked.ts'
import { createPriceRoutes } from './prices.ts'
import { createProbeRoutes, type Probes } from './probes.ts'
import { createPromptRoutes } from './prompts.ts'
import { createPromptCallRoutes } from './prompt-calls.ts'
import { createRejectRoutes } from './rejects.ts'
import { createReplayRoutes } from './replays.ts'
import { createRunRoutes } from './runs.ts'
import { createSpendRoutes } from './spend.ts'
import { answerUnrouted } from './unrouted.ts'
import type { Tokens } from './tokens.ts'

/** What the API stands on. */
export interface ApiDependencies extends Probes {
  pool: Pool
  accept: Accept
  runLog: RunLog
  decide: Decide
  models: ModelConfig
  /** Those of the files of this build. */
  prompts: Prompts
  decideParked: DecideParked
  startRun: StartRun
  cancelRun: CancelRun
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
  api.route('/', createParkedRoutes(dependencies))
  api.route('/', createPromptRoutes(dependencies))
  api.route('/', createPromptCallRoutes(dependencies))
  api.route('/', createBudgetRoutes(dependencies))
  api.route('/', createSpendRoutes(dependencies))
  api.route('/', createLedgerRoutes(dependencies))
  api.route('/', createPriceRoutes(dependencies))
  api.route('/', createModelRoutes(dependencies))
  return api
}
