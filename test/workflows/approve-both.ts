import type { Duration } from '../../src/contracts/duration.ts'
import type { TriggerEvent } from '../../src/contracts/event.ts'
import type { ApprovalDecision } from '../../src/contracts/wait.ts'
import { approve } from '../../src/workflows/steps/approve.ts'

/** Asks two people at once and answers what they said. */
export async function approveBoth({
  data,
}: TriggerEvent<{ expiresIn?: Duration }>): Promise<ApprovalDecision[]> {
  const limit = data.expiresIn === undefined ? {} : { expiresIn: data.expiresIn }
  return Promise.all([
    approve({ title: 'The first?', name: 'first', ...limit }),
    approve({ title: 'The second?', name: 'second', ...limit }),
  ])
}
