import { Counter, Histogram, type Registry } from 'prom-client'
import type { Usage } from '../contracts/run.ts'
import { GEN_AI_METRICS, SECONDS_BOUNDS, TOKENS_BOUNDS } from './gen-ai-names.ts'

/** A model call that has ended, as it is counted. */
export interface CountedCall {
  /** Such as `chat`. */
  operation: string
  /** In the words of the conventions. */
  genAiProvider: string
  /** In the words of the configuration. */
  provider: string
  model: string
  /** Null where nothing was answered. */
  responseModel: string | null
  seconds: number
  /** Null where nothing was streamed. */
  secondsToFirstChunk: number | null
  usage: Usage | null
  /** Null where nothing was used; `unpriced` where no price is known. */
  costMicros: number | null | 'unpriced'
  /** The code of the failure; null where there was none. */
  error: string | null
}

/** What is counted of model calls. */
export interface ModelMetrics {
  called(call: CountedCall): void
}

const LABELS = [
  'gen_ai_operation_name',
  'gen_ai_provider_name',
  'gen_ai_request_model',
  'gen_ai_response_model',
  'onset_provider',
] as const

// The provider says who answered: one that makes up names must not fill the memory.
const MOST_RESPONSE_MODELS = 200

/** Registers the metrics of model calls. */
export function createModelMetrics(registry: Registry): ModelMetrics {
  const registers = [registry]
  const duration = new Histogram({
    name: GEN_AI_METRICS.duration,
    help: 'Duration of model calls.',
    labelNames: [...LABELS, 'error_type'],
    buckets: SECONDS_BOUNDS,
    registers,
  })
  const firstChunk = new Histogram({
    name: GEN_AI_METRICS.timeToFirstChunk,
    help: 'Time to the first chunk of streamed model calls.',
    labelNames: LABELS,
    buckets: SECONDS_BOUNDS,
    registers,
  })
  const tokens = new Histogram({
    name: GEN_AI_METRICS.tokens,
    help: 'Tokens of model calls, by gen_ai_token_type: input or output.',
    labelNames: [...LABELS, 'gen_ai_token_type'],
    buckets: TOKENS_BOUNDS,
    registers,
  })
  const cost = new Counter({
    name: 'onset_llm_cost_micros_total',
    help: 'Cost of model calls in micro-dollars, where their price is known.',
    labelNames: ['onset_provider', 'gen_ai_request_model'],
    registers,
  })
  const unpriced = new Counter({
    name: 'onset_llm_unpriced_calls_total',
    help: 'Model calls that used tokens for which no price is known.',
    labelNames: ['onset_provider', 'gen_ai_request_model'],
    registers,
  })
  const responseModels = new Set<string>()

  return {
    called(call) {
      const { provider, model, usage, costMicros, error, secondsToFirstChunk } = call
      const labels = {
        gen_ai_operation_name: call.operation,
        gen_ai_provider_name: call.genAiProvider,
        gen_ai_request_model: model,
        gen_ai_response_model: known(call.responseModel),
        onset_provider: provider,
      }
      duration.observe({ ...labels, error_type: error ?? '' }, call.seconds)
      if (secondsToFirstChunk !== null) firstChunk.observe(labels, secondsToFirstChunk)
      if (usage !== null) {
        tokens.observe({ ...labels, gen_ai_token_type: 'input' }, usage.inputTokens)
        tokens.observe({ ...labels, gen_ai_token_type: 'output' }, usage.outputTokens)
      }
      const about = { onset_provider: provider, gen_ai_request_model: model }
      if (costMicros === 'unpriced') unpriced.inc(about)
      else if (costMicros !== null) cost.inc(about, costMicros)
    },
  }

  function known(model: string | null): string {
    if (model === null) return ''
    if (responseModels.size < MOST_RESPONSE_MODELS) responseModels.add(model)
    return responseModels.has(model) ? model : 'other'
  }
}
