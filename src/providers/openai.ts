import OpenAI, { APIError } from 'openai'
import type { ChatProvider, ChatWatch } from './chat.ts'
import { askChatCompletions } from './chat-completions.ts'
import type { Manner, Sending } from './conversation.ts'
import { failureOf } from './openai-failures.ts'
import { createPartialReply, withArrived } from './partial-reply.ts'
import { readRateHeaders } from './rate-headers.ts'
import { askResponses } from './responses.ts'
import { createWatchdog } from './watchdog.ts'

/** How an OpenAI-compatible service is reached and spoken to: its profile, and what is ours. */
export interface OpenAiOptions extends Manner {
  /** As the ledger and run events call it. */
  id: string
  baseUrl: string
  /** Empty where the service wants none. */
  apiKey: string
  /** For the first text of a stream, and for the whole of an answer that is not streamed. */
  timeoutMs: number
  /** For the silence between two pieces of a stream. */
  idleTimeoutMs: number
  /** Between two looks at an answer in the background. Default 2,000. */
  pollMs?: number
}

/** Any service that speaks OpenAI's Chat Completions or Responses. One call is one request that has to be paid. */
export function createOpenAi(options: OpenAiOptions): ChatProvider {
  const { id, api, maxTokensField, supports, timeoutMs, idleTimeoutMs, pollMs = 2_000 } = options
  const manner = { api, maxTokensField, supports }
  const client = createClient(options)

  return {
    name: id,
    async chat(request, watch) {
      const reply = createPartialReply()
      const watchdog = createWatchdog()
      const ending = AbortSignal.any([watch.signal, watchdog.signal])
      const send = async ({ method, path, signal = ending, ...sending }: Sending) => {
        // The raw response: what the client makes of streams ends silently on errors, aborts and cuts.
        const sent = client[method](path, { ...sending, signal }).asResponse()
        const response = await sent.catch((error: unknown) => {
          if (error instanceof APIError) hear(error.headers, watch)
          throw error
        })
        hear(response.headers, watch)
        reply.requestId = response.headers.get('x-request-id') ?? reply.requestId
        return response
      }
      const times = { timeoutMs, idleTimeoutMs, pollMs }
      const conversation = { request, watch, reply, watchdog, manner, send, ...times }
      try {
        return await (api === 'responses' ? askResponses : askChatCompletions)(conversation)
      } catch (error) {
        // Cancellation first: a cancelled call must not look like a failed one.
        watch.signal.throwIfAborted()
        throw withArrived(watchdog.failure() ?? failureOf(error), reply)
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

function createClient({ apiKey, baseUrl, timeoutMs }: OpenAiOptions): OpenAI {
  // Every option is given: the client fills what is missing from the environment.
  const client = new OpenAI({
    // It takes no empty key, and servers without one do not look at it.
    apiKey: apiKey === '' ? 'none' : apiKey,
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
  return client
}

function hear(headers: Headers | undefined, { onRate }: ChatWatch): void {
  const news = headers === undefined ? null : readRateHeaders(headers)
  if (news !== null) onRate?.(news)
}
