import { Hono } from 'hono'
import type { Pool } from 'pg'
import type { RunLog } from '../runs/run-log.ts'
import type { CancelRun } from '../runs/cancel.ts'
import { findRun, listRuns } from '../runs/run-list.ts'
import type { ApiEnv } from './gate.ts'
import { invalidRequest, problem, unavailable } from './problems.ts'
import { createRunStreams } from './run-streams.ts'
import { findSteps } from './run-steps.ts'
import { RunEventsQuery, RunsQuery } from './schemas.ts'

/** Runs: the list, one with its steps, and what happens in it as a stream. */
export function createRunRoutes({
  pool,
  runLog,
  cancelRun,
}: {
  pool: Pool
  runLog: RunLog
  cancelRun: CancelRun
}): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()
  const streams = createRunStreams({ pool, runLog })

  routes.get('/api/runs', async (c) => {
    const query = RunsQuery.safeParse(c.req.query())
    if (!query.success) return invalidRequest(query.error.issues)
    const { limit, status, workflow, after } = query.data
    const page = await listRuns(pool, {
      tenant: c.get('tenant'),
      limit,
      ...(status === undefined ? {} : { status }),
      ...(workflow === undefined ? {} : { workflow }),
      ...(after === undefined ? {} : { after }),
    })
    return c.json(page)
  })

  routes.get('/api/runs/:id', async (c) => {
    const id = c.req.param('id')
    const run = await findRun(pool, { tenant: c.get('tenant'), id })
    if (run === null) return noRun(id)
    return c.json({ ...run, steps: await findSteps(pool, id) })
  })

  routes.get('/api/runs/:id/events', async (c) => {
    const id = c.req.param('id')
    const query = RunEventsQuery.safeParse(c.req.query())
    if (!query.success) return invalidRequest(query.error.issues)
    const run = await findRun(pool, { tenant: c.get('tenant'), id })
    if (run === null) return noRun(id)
    return streams.open(run, {
      lastEventId: c.req.header('last-event-id') || query.data.after || '0',
      headersOnly: c.req.method === 'HEAD',
      outgoing: c.env.outgoing,
    })
  })

  routes.post('/api/runs/:id/cancel', async (c) => {
    const runId = c.req.param('id')
    const cancelled = await cancelRun({ tenant: c.get('tenant'), runId })
    switch (cancelled.outcome) {
      case 'cancelling':
        return c.json(cancelled.run, 202)
      case 'run_finished':
        return problem('run_finished', `The run '${runId}' has ended.`)
      case 'unreachable':
        return unavailable('temporal_unavailable')
      case 'unknown':
        return noRun(runId)
      default:
        return cancelled satisfies never
    }
  })

  return routes
}

const noRun = (id: string): Response => problem('not_found', `There is no run '${id}'.`)
