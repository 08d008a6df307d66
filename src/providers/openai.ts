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
}

/** Any service that speaks OpenAI's Chat Completions. One call is one request. */
export function createOpenAi({
  apiKey,
  baseUrl = 'https://api.openai.com/v1',
  timeoutMs,
  idleTimeoutMs,
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
          .create(toBody(request), { signal: AbortSignal.any([signal, watchdog.signal]) })
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

function toBody({ prompt, model, messages, temperature, ...request }: ChatRequest) {
  return {
    model,
    messages,
    max_completion_tokens: request.maxOutputTokens,
    ...(temperature !== undefined && { temperature }),
    ...(request.schema !== undefined && {
      response_format: {
        type: 'json_schema' as const,
        json_schema: { name: prompt, strict: true, schema: { ...request.schema } },
      },
    }),
    // Always said: some servers stream unless told otherwise.
    stream: request.stream,
    ...(request.stream && { stream_options: { include_usage: true } }),
  }
}
