import type { FailureCode } from '../contracts/failures.ts'
import type { JsonSchema } from '../contracts/json-schema.ts'
import type { Usage } from '../contracts/run.ts'

/** Whoever answers a chat: one request for each call, no retries of its own. */
export interface ChatProvider {
  /** As it stands in the ledger and in run events. */
  name: string
  /** Rejects with a {@link ChatFailure}, or with the signal's reason once that is aborted. */
  chat: (request: ChatRequest, watch: ChatWatch) => Promise<ChatReply>
}

/** One question to a model. */
export interface ChatRequest {
  /** The prompt's name, as the provider may show it. */
  prompt: string
  model: string
  messages: ChatMessage[]
  /** The provider's own default where absent. */
  temperature?: number
  /** Bounds what one answer can cost. */
  maxOutputTokens: number
  /** The form that the answer is asked to have; providers may disregard it. */
  schema?: JsonSchema
  /** False gets the answer in one piece. */
  stream: boolean
}

/** One message of a chat. */
export interface ChatMessage {
  role: 'system' | 'user' | 'assistant'
  content: string
}

/** How the caller follows a call and ends it. */
export interface ChatWatch {
  signal: AbortSignal
  /** Gets each piece of text as it arrives; in one piece where nothing is streamed. */
  onText: (text: string) => void
}

/** A complete answer. */
export interface ChatReply {
  text: string
  /** The model that answered, as the provider names it. */
  model: string
  /** The provider's word, such as `stop`, or `length` where the answer was cut off. */
  finishReason: string
  /** Null where the provider counted nothing. */
  usage: Usage | null
  /** What the provider's support asks for. */
  requestId: string | null
  /** Milliseconds to the first text; null where nothing was streamed. */
  ttftMs: number | null
}

/** What is known about a call that got no answer. */
export interface ChatFailureFacts {
  code: FailureCode
  /** False where the same call can never succeed. */
  retryable: boolean
  /** For operators, at most 500 characters. */
  message: string
  /** The provider wants no further call before this many milliseconds. */
  retryAfterMs?: number | undefined
  status?: number | undefined
  requestId?: string | undefined
  /** Tokens that were paid for all the same. */
  usage?: Usage | undefined
  cause?: unknown
}

/** A call that got no answer. */
export class ChatFailure extends Error {
  readonly code: FailureCode
  readonly retryable: boolean
  readonly retryAfterMs: number | undefined
  readonly status: number | undefined
  readonly requestId: string | undefined
  readonly usage: Usage | undefined

  constructor({ message, cause, ...facts }: ChatFailureFacts) {
    super(message.slice(0, 500), { cause })
    this.name = 'ChatFailure'
    this.code = facts.code
    this.retryable = facts.retryable
    this.retryAfterMs = facts.retryAfterMs
    this.status = facts.status
    this.requestId = facts.requestId
    this.usage = facts.usage
  }
}
