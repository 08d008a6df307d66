/**
 * Names of the conventions for generative AI, which are still in development (semantic-conventions-genai): they stand
 * here and nowhere else.
 */
export const GEN_AI = {
  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  errorType: 'error.type',
  requestModel: 'gen_ai.request.model',
  maxTokens: 'gen_ai.request.max_tokens',
  temperature: 'gen_ai.request.temperature',
  stream: 'gen_ai.request.stream',
  outputType: 'gen_ai.output.type',
  requestServiceTier: 'openai.request.service_tier',
  responseServiceTier: 'openai.response.service_tier',
  responseId: 'gen_ai.response.id',
  responseModel: 'gen_ai.response.model',
  finishReasons: 'gen_ai.response.finish_reasons',
  timeToFirstChunk: 'gen_ai.response.time_to_first_chunk',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  cacheReadTokens: 'gen_ai.usage.cache_read.input_tokens',
  cacheCreationTokens: 'gen_ai.usage.cache_creation.input_tokens',
  reasoningTokens: 'gen_ai.usage.reasoning.output_tokens',
  conversation: 'gen_ai.conversation.id',
  prompt: 'gen_ai.prompt.name',
  workflow: 'gen_ai.workflow.name',
  inputMessages: 'gen_ai.input.messages',
  outputMessages: 'gen_ai.output.messages',
  systemInstructions: 'gen_ai.system_instructions',
} as const

/** What the conventions have no name for. */
export const ONSET = {
  costMicros: 'onset.llm.cost_micros',
  provider: 'onset.llm.provider',
  promptVersion: 'onset.prompt.version',
  step: 'onset.step',
  ask: 'onset.ask',
  trigger: 'onset.trigger',
  tenant: 'onset.tenant',
  usageEstimated: 'onset.llm.usage_estimated',
  langfuseCost: 'langfuse.observation.cost_details',
  workflowId: 'temporal.workflow_id',
  temporalRunId: 'temporal.run_id',
  activityId: 'temporal.activity_id',
  attempt: 'temporal.attempt',
} as const

/** As Prometheus writes the names of metrics: with the unit, and without points. */
export const GEN_AI_METRICS = {
  duration: 'gen_ai_client_operation_duration_seconds',
  timeToFirstChunk: 'gen_ai_client_operation_time_to_first_chunk_seconds',
  tokens: 'gen_ai_client_token_usage',
} as const

/** The bounds that the conventions give: 0.01 … 81.92 s, doubling. */
export const SECONDS_BOUNDS = Array.from({ length: 14 }, (_, power) => 2 ** power / 100)

/** The bounds that the conventions give: 1 … 67,108,864 tokens, times 4. */
export const TOKENS_BOUNDS = Array.from({ length: 14 }, (_, power) => 4 ** power)

// Of the profiles; what is not known to the conventions goes by its own name.
const PROVIDERS: Readonly<Record<string, string>> = {
  openai: 'openai',
  azure: 'azure.ai.openai',
  anthropic: 'anthropic',
  gemini: 'gcp.gemini',
}

/** The name of a provider in the conventions, by its profile. */
export const genAiProvider = (profile: string): string => PROVIDERS[profile] ?? profile
