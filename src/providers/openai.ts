import OpenAI from 'openai'
import type { ChatProvider, ChatRequest } from './chat.ts'
import { failureOf } from './openai-failures.ts'
import { readStream, readWhole } from './openai-replies.ts'
import { createWatchdog } from './watchdog.ts'

/** How an OpenAI-compatible service is reached. */
export interface OpenAiOptions {
  apiKey: string
  /** Default is OpenAI itself. */
  baseUrl?: string | undefined
  /** For the first text of a stream, and for the whole of an answer that is not streamed. */
  timeoutMs: number
  /** For the silence between two pieces of a stream. */
  idleTimeoutMs: number
  /** How the service is told which form an answer must have. Default `json_schema`. */
  schemaMode?: SchemaMode
  /** Where the service reads how long an answer may become. Default `max_completion_tokens`. */
  maxTokensField?: MaxTokensField
}

/** OpenAI's own field, or the older one, which many compatible servers know alone. */
export type MaxTokensField = 'max_completion_tokens' | 'max_tokens'

/**
 * How a service is told the form of an answer: by OpenAI's `json_schema`, by the older `json_object` with the schema
 * beside it and in the messages, as servers on llama.cpp take it, or by the messages alone.
 */
export type SchemaMode = 'json_schema' | 'json_object' | 'prompt'

/** Any service that speaks OpenAI's Chat Completions. One call is one request. */
export function createOpenAi({
  apiKey,
  baseUrl = 'https://api.openai.com/v1',
  timeoutMs,
  idleTimeoutMs,
  schemaMode = 'json_schema',
  maxTokensField = 'max_completion_tokens',
}: OpenAiOptions): ChatProvider {
  // Every option is given: the client fills what is missing from the environment.
  const client = new OpenAI({
    apiKey,
    baseURL: baseUrl,
    timeout: timeoutMs,
    maxRetries: 0,
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    logLevel: 'off',
  })
  assertNoRetries(client)

  return {
    name: 'openai',
    async chat(request, { signal, onText }) {
      const startedAt = performance.now()
      const watchdog = createWatchdog()
      watchdog.arm(timeoutMs, request.stream ? 'text' : 'answer')
      try {
        // The raw response: the client's own iterator ends silently on errors, aborts and cut streams.
        const response = await client.chat.completions
          .create(toBody(request, { schemaMode, maxTokensField }), {
            signal: AbortSignal.any([signal, watchdog.signal]),
          })
          .asResponse()
        if (!request.stream) return await readWhole(response, { onText })
        return await readStream(response, {
          startedAt,
          onText,
          onFrame: () => watchdog.arm(idleTimeoutMs, 'further text'),
        })
      } catch (error) {
        // Cancellation first: a cancelled call must not look like a failed one.
        signal.throwIfAborted()
        throw watchdog.failure() ?? failureOf(error)
      } finally {
        watchdog.stop()
      }
    },
  }
}

/** Throws unless the client makes one request for each call: it takes 2 retries for anything that is no number. */
export function assertNoRetries({ maxRetries }: { maxRetries: unknown }): void {
  if (maxRetries !== 0) {
    throw new Error(`Expected a client without retries, received maxRetries ${String(maxRetries)}.`)
  }
}

function toBody(
  request: ChatRequest,
  { schemaMode, maxTokensField }: Required<Pick<OpenAiOptions, 'schemaMode' | 'maxTokensField'>>,
) {
  const { model, temperature, maxOutputTokens, stream } = request
  return {
    model,
    [maxTokensField]: maxOutputTokens,
    ...(temperature !== undefined && { temperature }),
    ...formOf(request, schemaMode),
    // Always said: some servers stream unless told otherwise.
    stream,
    ...(stream && { stream_options: { include_usage: true } }),
  }
}

function formOf({ prompt, messages, schema }: ChatRequest, schemaMode: SchemaMode) {
  if (schema === undefined) return { messages }
  if (schemaMode === 'json_schema') {
    const json_schema = { name: prompt, strict: true, schema: { ...schema } }
    return { messages, response_format: { type: schemaMode, json_schema } }
  }
  const content = `Answer with one JSON value that fits this JSON Schema: ${JSON.stringify(schema)}`
  return {
    messages: [{ role: 'system' as const, content }, ...messages],
    ...(schemaMode === 'json_object' && { response_format: { type: schemaMode, schema } }),
  }
}
