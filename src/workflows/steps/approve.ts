import type { Duration } from '../../contracts/duration.ts'
import type { ApprovalDecision } from '../../contracts/wait.ts'
import { thisRun } from './run.ts'
import { step } from './step.ts'
import { timeFromNow, waitFor } from './waits.ts'

interface ApprovalRequest {
  /** The question, as the person sees it. */
  title: string
  /** What the person should know to answer; plain JSON. */
  details?: unknown
  /** After this time the answer is `expired`. Waits for ever where absent. */
  expiresIn?: Duration
  /** Name of the step; `approve` where absent. */
  name?: string
}

/** Asks a person and waits for the answer. Nobody answering in time is an answer, too. */
export function approve({
  title,
  details = null,
  expiresIn,
  name = 'approve',
}: ApprovalRequest): Promise<ApprovalDecision> {
  return step({ name, kind: 'approval', summary: title }, async (id) => {
    const resolution = await waitFor(
      {
        ...thisRun(),
        step: id,
        kind: 'approval',
        title,
        details,
        expiresAt: timeFromNow(expiresIn),
      },
      { title },
    )
    return resolution.kind === 'approval' ? resolution.decision : { outcome: 'expired' }
  })
}
