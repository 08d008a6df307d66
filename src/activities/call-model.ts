import { Context } from '@temporalio/activity'
import type { ModelCall, ModelReply } from '../contracts/model-call.ts'
import { createAnswer, type ModelCallDependencies } from './answer.ts'

/** What workflows call. */
export type CallModel = (call: ModelCall) => Promise<ModelReply>

/**
 * The activity of model calls. A call that is in the ledger is answered from there; any other is one request to a
 * provider, in the ledger before it is made and again before it is returned.
 */
export function createCallModel(dependencies: ModelCallDependencies): CallModel {
  const answer = createAnswer(dependencies)

  return async function callModel(call) {
    const context = Context.current()
    const { heartbeatTimeoutMs } = context.info
    // By timer, not by piece of text: cancellation arrives only as the answer to a heartbeat.
    const heartbeats = heartbeatTimeoutMs
      ? setInterval(() => context.heartbeat(), heartbeatTimeoutMs / 3)
      : undefined
    try {
      return await answer(call, context.cancellationSignal)
    } finally {
      clearInterval(heartbeats)
    }
  }
}
