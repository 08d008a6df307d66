import type { ProviderProfile } from '../contracts/provider-profile.ts'
import type { ChatRequest, ChatWatch } from './chat.ts'
import type { PartialReply } from './partial-reply.ts'
import type { Watchdog } from './watchdog.ts'

/** How a service is spoken to. */
export type Manner = Pick<ProviderProfile, 'api' | 'maxTokensField' | 'supports'>

/** One call of a model while it is under way. */
export interface Conversation {
  request: ChatRequest
  watch: ChatWatch
  /** What has arrived so far. */
  reply: PartialReply
  /** Guards the whole call; silent until it is armed. */
  watchdog: Watchdog
  manner: Manner
  /** For the first text of a stream, and for the whole of an answer that is not streamed. */
  timeoutMs: number
  /** For the silence between two pieces of a stream. */
  idleTimeoutMs: number
  /** Between two looks at an answer in the background. */
  pollMs: number
  /** Resolves with the headers of the answer. Rejects with the client's error for a status other than 2xx. */
  send(sending: Sending): Promise<Response>
}

/** One request of a call. */
export interface Sending {
  method: 'get' | 'post'
  /** Below the base URL of the provider. */
  path: string
  body?: object
  query?: Record<string, string | number | boolean>
  /** What ends it. By default what ends the call. */
  signal?: AbortSignal
}
