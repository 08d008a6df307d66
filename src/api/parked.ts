import { Hono } from 'hono'
import type { Pool } from 'pg'
import type { ParkedStep } from '../contracts/wait.ts'
import { type DecideParked, listParked } from '../runs/parked.ts'
import type { ApiEnv } from './gate.ts'
import { invalidRequest, problem } from './problems.ts'
import { readJson } from './read-json.ts'
import { ParkedQuery, StepDecision } from './schemas.ts'

/** Parked steps: what waits for an operator, and what the operator says. The first decision stands. */
export function createParkedRoutes({
  pool,
  decideParked,
}: {
  pool: Pool
  decideParked: DecideParked
}): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()

  routes.get('/api/parked', async (c) => {
    const query = ParkedQuery.safeParse(c.req.query())
    if (!query.success) return invalidRequest(query.error.issues)
    return c.json({ parked: await listParked(pool, { tenant: c.get('tenant'), ...query.data }) })
  })

  routes.post('/api/runs/:id/steps/:step', async (c) => {
    const { id: runId, step } = c.req.param()
    const body = await readJson(c.req.raw)
    if (body instanceof Response) return body
    const request = StepDecision.safeParse(body.value)
    if (!request.success) return invalidRequest(request.error.issues)

    const { reason, ...said } = request.data
    const decided = await decideParked({
      tenant: c.get('tenant'),
      runId,
      step,
      ...said,
      ...(reason === undefined ? {} : { reason }),
    })
    if (decided.outcome === 'unknown') {
      return problem('not_found', `The run '${runId}' has never been parked at '${step}'.`)
    }
    if (decided.outcome === 'wrong_value') {
      return invalidRequest([{ path: ['value'], message: decided.detail }])
    }
    const { outcome, parked } = decided
    return outcome === 'decided' ? c.json(parked) : refuse(outcome, parked)
  })

  return routes
}

function refuse(
  code: 'already_decided' | 'expired' | 'run_finished',
  parked: ParkedStep,
): Response {
  const details = {
    already_decided: `${parked.decidedBy} said ${parked.status} at ${parked.decidedAt}.`,
    expired: `It failed by itself at ${parked.expiresAt}.`,
    run_finished: `The run '${parked.runId}' waits for nothing any more.`,
  }
  return problem(code, details[code], { members: { parked } })
}
