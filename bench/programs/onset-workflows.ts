import type { TriggerEvent } from '../../src/contracts/event.ts'
import { llm } from '../../src/workflows/steps/llm.ts'
import type { Question } from '../harness/question.ts'

/** The least that a run is good for. */
export const oneCall = ({ data }: TriggerEvent<Question>): Promise<string> =>
  llm.text('chase-review', data)

/** Three calls in turn. */
export async function threeCalls({ data }: TriggerEvent<Question>): Promise<string[]> {
  const first = await llm.text('chase-review', data)
  const second = await llm.text('chase-review', data)
  const third = await llm.text('chase-review', data)
  return [first, second, third]
}
