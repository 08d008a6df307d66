import { proxyActivities } from '@temporalio/workflow'
import type { BareActivities } from '../harness/bare-activities.ts'
import type { Question } from '../harness/question.ts'

// On a queue of its own, as Onset's: a slow provider shall not hold up anything else.
const { callModel } = proxyActivities<BareActivities>({
  taskQueue: 'bare-models',
  startToCloseTimeout: '1 minute',
})

/** One call. */
export const oneCall = (question: Question): Promise<string> => callModel(question)

/** Three calls in turn. */
export async function threeCalls(question: Question): Promise<string[]> {
  const first = await callModel(question)
  const second = await callModel(question)
  const third = await callModel(question)
  return [first, second, third]
}
