import { ApplicationFailure } from '@temporalio/common'
import { remedies } from '../contracts/failures.ts'
import type { ChatFailure } from '../providers/chat.ts'
import { spread } from './obstacles.ts'

// What an operator sees in the Temporal UI, and the longest that fits there.
const MESSAGE_LENGTH = 500

/** A failed model call in Temporal's terms: what it was, what to do about it, and when to try again. */
export function toApplicationFailure(failure: ChatFailure): ApplicationFailure {
  const { code, retryable, retryAfterMs, status, requestId, usage, obstacle } = failure
  const remedy = remedies[code]
  const room = MESSAGE_LENGTH - (remedy === undefined ? 0 : remedy.length + 1)
  const sentence = failure.message.slice(0, room - 1).replace(/[^.!?…]$/, '$&.')
  return ApplicationFailure.create({
    type: code,
    nonRetryable: !retryable,
    message: remedy === undefined ? sentence : `${sentence} ${remedy}`,
    ...(retryAfterMs !== undefined && { nextRetryDelay: spread(retryAfterMs) }),
    details: [{ code, status, requestId, usage, ...obstacle }],
  })
}
