import { moneySchemas } from '../api/money-schemas.ts'
import { formatDollars } from '../contracts/money.ts'
import type { ApiClient } from './api-client.ts'

/** What the attempts of a call have used, all together; whom the last of them asked, and how long that took. */
export interface Bill {
  provider: string
  model: string
  prompt: string
  promptVersion: string
  attempts: number
  inputTokens: number
  outputTokens: number
  /** Micro-dollars; null where no price is known. */
  costMicros: number | null
  /** Whether the provider counted nothing, and we did. */
  usageEstimated: boolean
  /** Milliseconds; null where nothing was streamed. */
  ttftMs: number | null
  latencyMs: number | null
}

/** The bill of a run, as the ledger has it; null where no provider was asked. */
export async function readBill(client: ApiClient, runId: string): Promise<Bill | null> {
  const query = new URLSearchParams({ run: runId, output: '0', limit: '200' })
  const { calls } = moneySchemas.CallPage.parse(await client.get(`/api/ledger?${query.toString()}`))
  const [last] = calls
  if (last === undefined) return null
  const { provider, model, prompt, promptVersion, ttftMs, latencyMs } = last
  const isUnpriced = calls.some((each) => each.costMicros === null && each.inputTokens !== null)
  return {
    provider,
    model,
    prompt,
    promptVersion,
    attempts: calls.length,
    inputTokens: sum(calls.map((each) => each.inputTokens)),
    outputTokens: sum(calls.map((each) => each.outputTokens)),
    costMicros: isUnpriced ? null : sum(calls.map((each) => each.costMicros)),
    usageEstimated: calls.some((each) => each.usageEstimated),
    ttftMs,
    latencyMs,
  }
}

/** The bill in one line. */
export function describeBill(bill: Bill): string {
  const { provider, model, prompt, promptVersion, attempts, costMicros, ttftMs, latencyMs } = bill
  const cost = costMicros === null ? 'no known price' : formatDollars(costMicros)
  return [
    `${provider}/${model}`,
    `${bill.inputTokens} + ${bill.outputTokens} tokens`,
    `${cost}${bill.usageEstimated ? ' (estimated)' : ''}`,
    ...(ttftMs === null ? [] : [`first token after ${ttftMs} ms`]),
    ...(latencyMs === null ? [] : [`${latencyMs} ms in all`]),
    `${prompt} version ${promptVersion}`,
    ...(attempts === 1 ? [] : [`${attempts} attempts`]),
  ].join(', ')
}

const sum = (numbers: (number | null)[]): number =>
  numbers.reduce<number>((total, number) => total + (number ?? 0), 0)
