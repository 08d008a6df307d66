import { defaultPayloadConverter, TemporalFailure } from '@temporalio/common'
import {
  ContinueAsNew,
  isCancellation,
  type WorkflowInterceptorsFactory,
  workflowInfo,
} from '@temporalio/workflow'
import { failureOf } from '../contracts/failure-of.ts'
import { attribute, report, thisRun } from '../workflows/steps/run.ts'
import { resumeSteps, usedSteps } from '../workflows/steps/step.ts'
import { listenForWakes } from '../workflows/steps/waits.ts'

const STEPS_HEADER = 'onset-steps'

/** Reports the start and the end of every run, and carries the count of its steps through continue-as-new. */
export const interceptors: WorkflowInterceptorsFactory = () => ({
  inbound: [
    {
      async execute(input, next) {
        listenForWakes()
        const steps = input.headers[STEPS_HEADER]
        if (steps !== undefined) resumeSteps(defaultPayloadConverter.fromPayload(steps))
        reportStart()
        const args = input.args.map(withNominalTime)
        return reportEnd(() => next({ ...input, args }))
      },
    },
  ],
  outbound: [
    {
      continueAsNew: (input, next) =>
        next({
          ...input,
          headers: {
            ...input.headers,
            [STEPS_HEADER]: defaultPayloadConverter.toPayload(usedSteps()),
          },
        }),
    },
  ],
})

// A schedule starts every run with the same input; when it was due stands in a search attribute.
function withNominalTime(input: unknown): unknown {
  const due = workflowInfo().searchAttributes['TemporalScheduledStartTime']?.[0]
  if (!(due instanceof Date) || typeof input !== 'object' || input === null) return input
  const time = due.toISOString()
  return { ...input, key: time, time }
}

function reportStart(): void {
  const { workflowType: workflow, memo } = workflowInfo()
  const summary = memo?.['summary']
  report('started', {
    type: 'run.started',
    data: {
      tenant: thisRun().tenant,
      workflow,
      source: attribute('Source') ?? '',
      trigger: attribute('Trigger') ?? '',
      eventId: attribute('EventId') ?? null,
      summary: typeof summary === 'string' ? summary : workflow,
    },
  })
}

async function reportEnd(run: () => Promise<unknown>): Promise<unknown> {
  // One key for all ends: of several reports of one run's end, the first stands until the reconciler knows better.
  const key = `ended/${workflowInfo().runId}`
  try {
    const output = await run()
    report(key, { type: 'run.completed', data: { output: output ?? null, last: true } })
    return output
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error
    if (isCancellation(error)) {
      report(key, { type: 'run.cancelled', data: { reason: 'The run was cancelled.', last: true } })
    } else if (error instanceof TemporalFailure) {
      report(key, { type: 'run.failed', data: { failure: failureOf(error), last: true } })
    }
    // Any other error is a fault of the workflow's code: Temporal goes on trying until it is mended.
    throw error
  }
}
