import { calcPrice, findProvider, type ModelPrice } from '@pydantic/genai-prices'
import type { Usage } from '../contracts/run.ts'

/** Micro-dollars per million tokens, as they held for one call. */
export interface UnitPrices {
  input: number
  output: number
  cachedInput: number
  cacheWrite: number
  reasoning: number
}

/** What a call comes to, not yet rounded, and what that was made from. */
export interface Quote {
  micros: number
  unitPrices: UnitPrices
}

/** Names the bundled list in the ledger. */
export const PRICE_LIST_VERSION = 'genai-prices@0.1.8'

interface Question {
  /** As the list calls the provider, such as `openai`. */
  priceProvider: string
  model: string
  usage: Usage
  at: Date
}

/** The price by the bundled list, without the network; null where the list knows no price of tokens for the model. */
export function listPriceOf({ priceProvider, model, usage, at }: Question): Quote | null {
  const { inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens, reasoningTokens } =
    partsWithin(usage)
  const counted = {
    input_tokens: inputTokens,
    cache_read_tokens: cachedInputTokens,
    cache_write_tokens: cacheWriteTokens,
    output_tokens: outputTokens,
    output_reasoning_tokens: reasoningTokens,
  }
  const price = calculate(counted, model, { providerId: priceProvider, timestamp: at })
  if (price === null) return null
  const { input_mtok: input, output_mtok: output, ...others } = price.model_price
  // What is sold by the hour or the picture has no price for what we count.
  if (input === undefined && output === undefined) return null
  const perMillion = (listed: Listed, otherwise: Listed): number =>
    microsOf(listed ?? otherwise, inputTokens)
  return {
    micros: price.total_price * 1_000_000,
    unitPrices: {
      input: perMillion(input, 0),
      output: perMillion(output, 0),
      cachedInput: perMillion(others.cache_read_mtok, input),
      cacheWrite: perMillion(others.cache_write_mtok, input),
      reasoning: perMillion(others.output_reasoning_mtok, output),
    },
  }
}

// A fault in the list is a price that is not known; it must not end a call that was paid.
function calculate(...question: Parameters<typeof calcPrice>): ReturnType<typeof calcPrice> {
  try {
    return calcPrice(...question)
  } catch {
    return null
  }
}

/** The dearest model of a provider on the list, by input ten times the output; null where it lists none. */
export function dearestListed(priceProvider: string, at: Date): string | null {
  const usage = { inputTokens: 100_000, outputTokens: 10_000 }
  const priced = (findProvider({ providerId: priceProvider })?.models ?? []).map(
    ({ id: model }) => ({
      model,
      micros: listPriceOf({ priceProvider, model, usage, at })?.micros ?? 0,
    }),
  )
  const [dearest] = priced.toSorted((left, right) => right.micros - left.micros)
  return dearest !== undefined && dearest.micros > 0 ? dearest.model : null
}

/** Counts that fit into each other: a provider that says more was cached than was sent must not end a call. */
export function partsWithin(usage: Usage): Required<Usage> {
  const inputTokens = countOf(usage.inputTokens)
  const outputTokens = countOf(usage.outputTokens)
  const cachedInputTokens = Math.min(countOf(usage.cachedInputTokens), inputTokens)
  return {
    inputTokens,
    outputTokens,
    cachedInputTokens,
    cacheWriteTokens: Math.min(countOf(usage.cacheWriteTokens), inputTokens - cachedInputTokens),
    reasoningTokens: Math.min(countOf(usage.reasoningTokens), outputTokens),
  }
}

const countOf = (tokens = 0): number => (Number.isFinite(tokens) ? Math.max(0, tokens) : 0)

type Listed = ModelPrice[string]

/** Dollars on the list as micro-dollars. A tier holds for the whole request. */
function microsOf(listed: Listed, inputTokens: number): number {
  if (listed === undefined) return 0
  if (typeof listed === 'number') return Math.round(listed * 1_000_000)
  const tier = listed.tiers
    .filter(({ start }) => inputTokens > start)
    .toSorted((left, right) => right.start - left.start)[0]
  return Math.round((tier?.price ?? listed.base) * 1_000_000)
}
