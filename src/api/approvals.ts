import { Hono } from 'hono'
import type { Pool } from 'pg'
import type { Approval } from '../contracts/wait.ts'
import { type Decide, listApprovals } from '../runs/approvals.ts'
import type { ApiEnv } from './gate.ts'
import { invalidRequest, problem } from './problems.ts'
import { readJson } from './read-json.ts'
import { ApprovalsQuery, Decision } from './schemas.ts'

/** Approvals: what runs wait for, and how people decide it. The first decision stands. */
export function createApprovalRoutes({
  pool,
  decide,
}: {
  pool: Pool
  decide: Decide
}): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()

  routes.get('/api/approvals', async (c) => {
    const query = ApprovalsQuery.safeParse(c.req.query())
    if (!query.success) return invalidRequest(query.error.issues)
    const approvals = await listApprovals(pool, { tenant: c.get('tenant'), ...query.data })
    return c.json({ approvals })
  })

  routes.post('/api/approvals/:id', async (c) => {
    const id = c.req.param('id')
    const body = await readJson(c.req.raw)
    if (body instanceof Response) return body
    const request = Decision.safeParse(body.value)
    if (!request.success) return invalidRequest(request.error.issues)

    const { decision, by, reason } = request.data
    const decided = await decide({
      tenant: c.get('tenant'),
      id,
      outcome: decision === 'approve' ? 'approved' : 'rejected',
      by,
      ...(reason === undefined ? {} : { reason }),
    })
    if (decided.outcome === 'unknown') {
      return problem('not_found', `Neither an approval nor a run that waits for one is '${id}'.`)
    }
    if (decided.outcome === 'several_open') {
      const { approvals } = decided
      const ids = approvals.map((approval) => approval.id).join(', ')
      return problem('several_open', `Decide one of ${ids}.`, { members: { approvals } })
    }
    const { outcome: result, approval } = decided
    return result === 'decided' ? c.json(approval) : refuse(result, approval)
  })

  return routes
}

function refuse(
  code: 'already_decided' | 'expired' | 'run_finished',
  approval: Approval,
): Response {
  const details = {
    already_decided: `It was ${approval.status} by ${approval.decidedBy} at ${approval.decidedAt}.`,
    expired: `It expired at ${approval.expiresAt}.`,
    run_finished: `The run '${approval.runId}' waits for nothing any more.`,
  }
  return problem(code, details[code], { members: { approval } })
}
