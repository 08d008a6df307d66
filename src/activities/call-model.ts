import { setTimeout as pause } from 'node:timers/promises'
import { CancelledFailure, Context } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import type { ModelCall, ModelReply } from '../contracts/model-call.ts'
import type { Answer } from './answer.ts'
import { createBackground } from './background.ts'

/** What workflows call. */
export type CallModel = (call: ModelCall) => Promise<ModelReply>

interface CallModelDependencies {
  answer: Answer
  /** Calls back when a run is cancelled through our API; answers how to stop that. */
  onCancel(runId: string, cancel: () => void): () => void
}

// A cancellation comes as the answer to a heartbeat: within a second of the Temporal UI.
const HEARTBEAT_MS = 800
// Where Temporal does not confirm a cancellation, the workflow goes on in spite of it.
const CONFIRMED_WITHIN_MS = 10_000

/**
 * The activity of model calls. A call that is in the ledger is answered from there; any other is one request to a
 * provider, in the ledger before it is made and again before it is returned. Ends as soon as its run is cancelled.
 */
export function createCallModel({ answer, onCancel }: CallModelDependencies): CallModel {
  return async function callModel(call) {
    const context = Context.current()
    const { info, cancellationSignal } = context
    const { workflowExecution, activityId, attempt, heartbeatTimeoutMs } = info
    const { workflowId = '', runId = '' } = workflowExecution ?? {}
    const { beat, ...background } = createBackground({
      details: info.heartbeatDetails,
      heartbeat: (going) => context.heartbeat(going),
    })
    // By timer, not by piece of text, so that silence is heard.
    const heartbeats = heartbeatTimeoutMs ? setInterval(beat, HEARTBEAT_MS) : undefined
    const told = new AbortController()
    const stopListening = onCancel(workflowId, () =>
      told.abort(new CancelledFailure('The run was cancelled.')),
    )
    try {
      return await answer(call, {
        activity: `${workflowId}/${runId}/${activityId}`,
        number: attempt,
        signal: AbortSignal.any([cancellationSignal, told.signal]),
        background,
      })
    } catch (error) {
      if (told.signal.aborted) await confirmation(context)
      throw error
    } finally {
      stopListening()
      clearInterval(heartbeats)
    }
  }
}

// An activity may only end as cancelled once Temporal wants it so, which the next heartbeat brings.
async function confirmation({ cancelled }: Context): Promise<void> {
  await Promise.race([cancelled, pause(CONFIRMED_WITHIN_MS, undefined, { ref: false })])
  throw ApplicationFailure.create({
    type: 'LLM.Cancelled',
    message: 'The call was cancelled, and its step goes on all the same.',
  })
}
