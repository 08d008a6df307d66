import type { TriggerEvent } from '../contracts/event.ts'
import { act } from './steps/act.ts'
import { llm } from './steps/llm.ts'
import { lookup } from './steps/lookup.ts'

/** What the digest is for. */
export interface DigestOrder {
  /** Where the digest is posted as `{ text }`, as chat webhooks take it; into the log where absent. */
  postTo?: string
}

const DAY_MS = 24 * 60 * 60 * 1_000

/** Sums up the runs of the last day for people, once a day. */
export async function dailyDigest({
  data: order,
  time,
}: TriggerEvent<DigestOrder>): Promise<string> {
  const runs = await lookup.runs(new Date(Date.parse(time) - DAY_MS).toISOString())
  const text = await llm.text('daily-digest', { date: time.slice(0, 10), items: runs })
  if (order.postTo === undefined) await act.log('daily digest', { text })
  else await act.http.post({ url: order.postTo, body: { text } })
  return text
}
