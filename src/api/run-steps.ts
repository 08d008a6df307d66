import type { Pool } from 'pg'
import type { z } from 'zod'
import type { StoredRunEvent } from '../contracts/run.ts'
import type { Step } from './schemas.ts'

type StepOfRun = z.infer<typeof Step>

// Without the model's text, which is nearly all of a run's events.
const FIND = `
select run_id as "runId", seq, type, data, at from run_events
 where run_id = $1 and type = any($2) order by seq`
const TYPES = [
  'step.started',
  'step.completed',
  'step.failed',
  'run.waiting',
  'run.parked',
  'run.resumed',
]

/** The steps of a run as its events tell them, in the order in which they began. */
export async function findSteps(pool: Pool, runId: string): Promise<StepOfRun[]> {
  const { rows } = await pool.query<StoredRunEvent>(FIND, [runId, TYPES])
  const steps = new Map<string, StepOfRun>()
  for (const event of rows) apply(steps, event)
  return [...steps.values()]
}

function apply(steps: Map<string, StepOfRun>, event: StoredRunEvent): void {
  if (event.type === 'step.started') {
    const { step, kind, summary } = event.data
    const begun = { status: 'running', startedAt: event.at, endedAt: null, failure: null } as const
    steps.set(step, { step, kind, summary, ...begun })
    return
  }
  const step = 'step' in event.data ? steps.get(event.data.step) : undefined
  if (step === undefined) return
  if (event.type === 'run.waiting') step.status = 'waiting'
  if (event.type === 'run.parked') {
    Object.assign(step, { status: 'parked', failure: event.data.failure })
  }
  if (event.type === 'run.resumed') Object.assign(step, { status: 'running', failure: null })
  if (event.type === 'step.completed')
    Object.assign(step, { status: 'completed', endedAt: event.at })
  if (event.type === 'step.failed') {
    Object.assign(step, { status: 'failed', endedAt: event.at, failure: event.data.failure })
  }
}
