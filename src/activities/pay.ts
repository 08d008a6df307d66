import type { Usage } from '../contracts/run.ts'
import type { Candidate } from '../models/model-config.ts'
import type { Price, Prices } from '../models/prices.ts'
import { createTokenCounter } from '../models/prompt-tokens.ts'

/** What a call has cost, as budgets and rates count it. */
export interface Cost {
  micros: number
  tokens: number
}

/** What is known of what was used. */
interface Used {
  /** As the provider counted; null where it did not. */
  usage: Usage | null
  /** What came back, as far as it came. */
  text: string
  /** Whether the provider may have begun to work. */
  mayBePaid: boolean
  serviceTier?: string | null
  reportedCostMicros?: number | null
}

/** The bill of an attempt, as the ledger keeps it. */
export interface Bill {
  usage: Usage | null
  price?: Price
  usageEstimated: boolean
}

/** Prices what was used, and tells whoever reserved for it. */
export const createPay =
  ({ prices }: { prices: Prices }) =>
  async (
    {
      candidate: { provider, model },
      inputTokens,
      onPaid,
    }: { candidate: Candidate; inputTokens: number; onPaid(cost: Cost): void },
    { usage: counted, text, mayBePaid, serviceTier = null, reportedCostMicros = null }: Used,
  ): Promise<Bill> => {
    if (counted === null && !mayBePaid) return { usage: null, usageEstimated: false }
    const usage = counted ?? { inputTokens, outputTokens: createTokenCounter().count(text) }
    const price = await prices.priceOf({
      priceProvider: provider.priceProvider,
      model,
      usage,
      serviceTier,
      reportedCostMicros,
    })
    onPaid({ micros: price.chargedMicros, tokens: usage.inputTokens + usage.outputTokens })
    return { usage, price, usageEstimated: counted === null }
  }
