import type { Usage } from '../contracts/run.ts'
import { countOf, isObject } from './odd-json.ts'

/** Reads the usage of either API. Null where input and output are not both counted. */
export function readUsage(counts: unknown): Usage | null {
  if (!isObject(counts)) return null
  const inputTokens = countOf(counts['prompt_tokens'] ?? counts['input_tokens'])
  const outputTokens = countOf(counts['completion_tokens'] ?? counts['output_tokens'])
  if (inputTokens === undefined || outputTokens === undefined) return null

  const input = counts['prompt_tokens_details'] ?? counts['input_tokens_details']
  const output = counts['completion_tokens_details'] ?? counts['output_tokens_details']
  const cachedInputTokens = partOf(input, 'cached_tokens')
  const cacheWriteTokens = partOf(input, 'cache_write_tokens')
  const reasoningTokens = partOf(output, 'reasoning_tokens')
  return {
    inputTokens,
    outputTokens,
    ...(cachedInputTokens !== undefined && { cachedInputTokens }),
    ...(cacheWriteTokens !== undefined && { cacheWriteTokens }),
    ...(reasoningTokens !== undefined && { reasoningTokens }),
  }
}

/** What the call cost by the provider's own word, as OpenRouter gives it in dollars. Null where it says nothing. */
export function readReportedCost(counts: unknown): number | null {
  const dollars = isObject(counts) ? counts['cost'] : undefined
  if (typeof dollars !== 'number' || !Number.isFinite(dollars) || dollars < 0) return null
  return Math.round(dollars * 1_000_000)
}

const partOf = (details: unknown, name: string): number | undefined =>
  isObject(details) ? countOf(details[name]) : undefined
