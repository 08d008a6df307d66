import type { TriggerEvent } from '../../src/contracts/event.ts'
import type { ModelOutcome } from '../../src/contracts/model-call.ts'
import { llm } from '../../src/workflows/steps/llm.ts'

interface Triage {
  severity: string
  labels: string[]
  summary: string
}

const review = {
  author: 'ada',
  title: 'Make the widgets round',
  url: 'https://example.test/1',
  daysWaiting: 1,
}
const issueOf = (title: string) => ({ repository: 'acme/widgets', number: 7, title, body: '' })

/** Asks before, asks for a triage, and asks after it; answers the triage. */
export async function askAround({ data }: TriggerEvent<{ title: string }>): Promise<Triage> {
  await llm.text('chase-review', review)
  const triage = await llm.object('triage-issue', issueOf(data.title))
  await llm.text('chase-review', review)
  return triage
}

/** Asks for a triage alone. */
export const askTriage = ({ data }: TriggerEvent<{ title: string }>): Promise<Triage> =>
  llm.object('triage-issue', issueOf(data.title))

/** Asks for a triage that the model may decline. */
export const tryTriage = ({
  data,
}: TriggerEvent<{ title: string }>): Promise<ModelOutcome<Triage>> =>
  llm.tryObject('triage-issue', issueOf(data.title))
