import type { TriggerEvent } from '../../src/contracts/event.ts'
import { llm } from '../../src/workflows/steps/llm.ts'

/** Asks the model several times in turn; answers the number of answers. */
export async function askInTurn({ data }: TriggerEvent<{ times: number }>): Promise<number> {
  let answers = 0
  for (; answers < data.times; answers += 1) {
    await llm.text('chase-review', {
      author: 'ada',
      title: `Question ${answers + 1}`,
      url: 'https://example.test/1',
      daysWaiting: 1,
    })
  }
  return answers
}
