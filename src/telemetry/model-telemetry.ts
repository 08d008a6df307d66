import { createHash, randomBytes } from 'node:crypto'
import type { Usage } from '../contracts/run.ts'
import { contentOf, type TracedMessage } from './content.ts'
import { GEN_AI, genAiProvider, ONSET } from './gen-ai-names.ts'
import type { ModelMetrics } from './model-metrics.ts'
import type { Spans } from './spans.ts'

/** What is told about a call when it begins. */
export interface TracedCall {
  tenant: string
  runId: string
  workflow: string
  trigger: string
  step: string
  ask: number
  /** Of Temporal, starting at 1. */
  attempt: number
  temporalRunId?: string
  activityId?: string
  /** In the words of the configuration. */
  provider: string
  /** Name of its profile. */
  profile: string
  baseUrl: string
  model: string
  prompt: string
  promptVersion: string
  maxOutputTokens: number
  temperature?: number | undefined
  serviceTier?: string | undefined
  stream: boolean
  /** Whether the answer must have the form of a schema. */
  json: boolean
  /** Recorded only where content is. */
  messages: readonly TracedMessage[]
}

/** How a call ended. */
export interface TracedEnd {
  usage: Usage | null
  /** True where the provider counted nothing, and we did. @default false */
  usageEstimated?: boolean
  finishReason?: string | null
  responseModel?: string | null
  responseId?: string | null
  serviceTier?: string | null
  /** Null where nothing was used; `unpriced` where no price is known. */
  costMicros: number | null | 'unpriced'
  /** Code of the failure; null where there was none. */
  error: string | null
  /** Recorded only where content is. */
  text?: string | null
}

/** Follows one call. Nothing of it throws or waits. */
export interface CallTrace {
  /** The first piece of a stream; later ones change nothing. */
  firstChunk(): void
  /** Only the first counts. */
  end(end: TracedEnd): void
}

/** Follows model calls. */
export interface ModelTelemetry {
  /** Call it right before the request is sent. */
  call(call: TracedCall): CallTrace
}

interface ModelTelemetryOptions {
  metrics: ModelMetrics
  spans: Spans
  /** Whether spans contain questions and answers. */
  recordContent: boolean
}

const OPERATION = 'chat'

/** Spans and metrics of model calls by the conventions for generative AI. All calls of a run share one trace. */
export function createModelTelemetry(options: ModelTelemetryOptions): ModelTelemetry {
  const { metrics, spans, recordContent } = options
  return {
    call(call) {
      const startedAt = Date.now()
      const clock = performance.now()
      const seconds = (): number => (performance.now() - clock) / 1_000
      let secondsToFirstChunk: number | null = null
      let ended = false

      return {
        firstChunk: () => void (secondsToFirstChunk ??= seconds()),
        end(end) {
          if (ended) return
          ended = true
          const measured = { seconds: seconds(), secondsToFirstChunk }
          metrics.called({
            operation: OPERATION,
            genAiProvider: genAiProvider(call.profile),
            provider: call.provider,
            model: call.model,
            responseModel: end.responseModel ?? null,
            usage: end.usage,
            costMicros: end.costMicros,
            error: end.error,
            ...measured,
          })
          spans.export({
            name: `${OPERATION} ${call.model}`,
            traceId: createHash('sha256').update(call.runId).digest('hex').slice(0, 32),
            spanId: randomBytes(8).toString('hex'),
            startedAt,
            endedAt: startedAt + measured.seconds * 1_000,
            attributes: {
              ...aboutCall(call),
              ...aboutEnd(end),
              [GEN_AI.timeToFirstChunk]: secondsToFirstChunk ?? undefined,
              ...(recordContent && contentOf(call.messages, end)),
            },
            error: end.error,
          })
        },
      }
    },
  }
}

const aboutCall = (call: TracedCall) => ({
  [GEN_AI.operation]: OPERATION,
  [GEN_AI.provider]: genAiProvider(call.profile),
  ...serverOf(call.baseUrl),
  [GEN_AI.requestModel]: call.model,
  [GEN_AI.maxTokens]: call.maxOutputTokens,
  [GEN_AI.temperature]: call.temperature,
  [GEN_AI.stream]: call.stream,
  [GEN_AI.outputType]: call.json ? 'json' : 'text',
  [GEN_AI.requestServiceTier]: call.serviceTier,
  [GEN_AI.conversation]: call.runId,
  [GEN_AI.prompt]: call.prompt,
  [GEN_AI.workflow]: call.workflow,
  [ONSET.provider]: call.provider,
  [ONSET.promptVersion]: call.promptVersion,
  [ONSET.tenant]: call.tenant,
  [ONSET.trigger]: call.trigger,
  [ONSET.step]: call.step,
  [ONSET.ask]: call.ask,
  [ONSET.workflowId]: call.runId,
  [ONSET.temporalRunId]: call.temporalRunId,
  [ONSET.activityId]: call.activityId,
  [ONSET.attempt]: call.attempt,
})

function aboutEnd(end: TracedEnd) {
  const { usage, finishReason, responseModel, responseId, serviceTier, error } = end
  const costMicros = typeof end.costMicros === 'number' ? end.costMicros : undefined
  return {
    [GEN_AI.responseModel]: responseModel ?? undefined,
    [GEN_AI.responseId]: responseId ?? undefined,
    [GEN_AI.responseServiceTier]: serviceTier ?? undefined,
    [GEN_AI.finishReasons]: finishReason == null ? undefined : [finishReason],
    [GEN_AI.inputTokens]: usage?.inputTokens,
    [GEN_AI.outputTokens]: usage?.outputTokens,
    [GEN_AI.cacheReadTokens]: usage?.cachedInputTokens,
    [GEN_AI.cacheCreationTokens]: usage?.cacheWriteTokens,
    [GEN_AI.reasoningTokens]: usage?.reasoningTokens,
    [ONSET.usageEstimated]: usage === null ? undefined : (end.usageEstimated ?? false),
    [ONSET.costMicros]: costMicros,
    [ONSET.langfuseCost]:
      costMicros === undefined ? undefined : JSON.stringify({ total: costMicros / 1_000_000 }),
    [GEN_AI.errorType]: error ?? undefined,
  }
}

/** Of a stand-in there is none. */
function serverOf(baseUrl: string) {
  const url = URL.parse(baseUrl)
  if (url === null) return {}
  const usualPort = url.protocol === 'https:' ? 443 : 80
  return {
    [GEN_AI.serverAddress]: url.hostname,
    [GEN_AI.serverPort]: Number(url.port) || usualPort,
  }
}
