import {
  failureClass,
  type FailureClass,
  type FailureCode,
  type FailureDetails,
} from '../contracts/failures.ts'
import type { JsonSchema } from '../contracts/json-schema.ts'
import type { RateNews } from '../contracts/limits.ts'
import type { Usage } from '../contracts/run.ts'

/** Whoever answers a chat: one request for each call, no retries of its own. */
export interface ChatProvider {
  /** As it stands in the ledger and in run events. */
  name: string
  /**
   * Rejects with a {@link ChatFailure}, or with the signal's reason once that is aborted: what had arrived by then, the
   * watch has heard.
   */
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
  /** How long a model that reasons may do so, in its own words, such as `low`; its default where absent. */
  reasoningEffort?: string
  /** What the provider calls its kinds of service, such as `flex`; its default where absent. */
  serviceTier?: string
  /**
   * The provider goes on by itself, and the answer is asked for by its id: it is paid once, whoever dies. Disregarded
   * where the provider cannot.
   * @default false
   */
  background?: boolean
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
  /** Hears what the headers of an answer or a refusal say about limits; nothing where they are silent. */
  onRate?: (news: RateNews) => void
  /** Hears the id by which an answer in the background can be asked for, as soon as it is known. */
  onResponseId?: (id: string) => void
  /** The id that an earlier attempt heard: its answer is waited for, and nothing is asked anew. */
  resume?: string | undefined
  /**
   * Whether an abort for this reason also ends what goes on in the background. False where a later attempt resumes it.
   * @default () => true
   */
  givesUp?: (reason: unknown) => boolean
}

/** An answer that came to its end. */
export interface ChatReply {
  /** `truncated` where the limit of its length cut it off, `refused` where the model declined to answer. */
  outcome: 'complete' | 'truncated' | 'refused'
  text: string
  /** What the model said where it declined; null where it did not. */
  refusal: string | null
  /** The model that answered, as the provider names it. */
  model: string
  /** The provider's word, such as `stop`, or `length` where the answer was cut off. */
  finishReason: string
  /** Null where the provider counted nothing. */
  usage: Usage | null
  /** What the provider's support asks for. */
  requestId: string | null
  /** The provider's own id of the answer. */
  responseId: string | null
  /** The kind of service that it had, which may change its price; null where the provider does not say. */
  serviceTier: string | null
  /** What it cost by the provider's own word, in micro-dollars; null where it does not say. */
  reportedCostMicros: number | null
  /** Milliseconds to the first text; null where nothing was streamed. */
  ttftMs: number | null
}

/** What is known about a call that got no answer. */
export interface ChatFailureFacts {
  code: FailureCode
  /** By the code where absent. */
  class?: FailureClass | undefined
  /** False where the same call can never succeed. */
  retryable: boolean
  /** For operators, at most 500 characters. */
  message: string
  /** The provider wants no further call before this many milliseconds. */
  retryAfterMs?: number | undefined
  status?: number | undefined
  requestId?: string | undefined
  /** Tokens that were paid for all the same, as the provider counted them. */
  usage?: Usage | undefined
  /** What had been written until then, for an estimate of the tokens where nobody counted them. */
  partialText?: string | undefined
  /**
   * Whether the provider may have begun to work: then the question has to be paid, and the partial text.
   * @default false
   */
  mayBePaid?: boolean | undefined
  /** The answer goes on in the background: the next attempt resumes it by this id. */
  responseId?: string | undefined
  serviceTier?: string | undefined
  /** As in {@link ChatReply}. */
  reportedCostMicros?: number | undefined
  /** What the run is to wait for before it asks again. */
  obstacle?: FailureDetails | undefined
  cause?: unknown
}

/** A call that got no answer. */
export class ChatFailure extends Error {
  readonly code: FailureCode
  readonly class: FailureClass
  readonly retryable: boolean
  readonly retryAfterMs: number | undefined
  readonly status: number | undefined
  readonly requestId: string | undefined
  readonly usage: Usage | undefined
  readonly obstacle: FailureDetails | undefined
  readonly partialText: string | undefined
  readonly mayBePaid: boolean
  readonly responseId: string | undefined
  readonly serviceTier: string | undefined
  readonly reportedCostMicros: number | undefined

  readonly #facts: ChatFailureFacts

  constructor(facts: ChatFailureFacts) {
    super(facts.message.slice(0, 500), { cause: facts.cause })
    this.#facts = facts
    this.name = 'ChatFailure'
    this.code = facts.code
    this.class = facts.class ?? failureClass(facts.code)
    this.retryable = facts.retryable
    this.retryAfterMs = facts.retryAfterMs
    this.status = facts.status
    this.requestId = facts.requestId
    this.usage = facts.usage
    this.obstacle = facts.obstacle
    this.partialText = facts.partialText
    this.mayBePaid = facts.mayBePaid ?? false
    this.responseId = facts.responseId
    this.serviceTier = facts.serviceTier
    this.reportedCostMicros = facts.reportedCostMicros
  }

  /** The same failure, of which more is known. */
  with(facts: Partial<ChatFailureFacts>): ChatFailure {
    return new ChatFailure({ ...this.#facts, ...facts })
  }
}
