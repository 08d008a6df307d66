import type { FailureCode } from '../contracts/failures.ts'
import { ChatFailure, type ChatReply } from './chat.ts'
import { interrupted } from './openai-failures.ts'

/** What has arrived of an answer. */
export interface PartialReply extends Omit<ChatReply, 'outcome' | 'refusal'> {
  refusal: string
  /** When it was asked for, on the clock of `performance.now()`. */
  startedAt: number
}

/** An answer of which nothing has arrived. */
export const createPartialReply = (): PartialReply => ({
  text: '',
  refusal: '',
  model: '',
  finishReason: '',
  usage: null,
  requestId: null,
  responseId: null,
  serviceTier: null,
  reportedCostMicros: null,
  ttftMs: null,
  startedAt: performance.now(),
})

/** Takes a piece of a stream into the answer. */
export function takeText(
  reply: PartialReply,
  text: string,
  { onText }: { onText: (text: string) => void },
): void {
  if (text === '') return
  reply.ttftMs ??= performance.now() - reply.startedAt
  reply.text += text
  onText(text)
}

// Gateways end a stream this way when the model behind them fails.
const BROKEN_OFF = new Set(['error', 'insufficient_system_resource'])

/** The answer, once it names the reason of its end; throws where it has none, or was filtered. */
export function complete(arrived: PartialReply): ChatReply {
  const { startedAt: _, refusal, ...reply } = arrived
  const { finishReason } = reply
  if (finishReason === '') {
    throw interrupted('The answer ended without a finish reason: it may be incomplete.')
  }
  if (BROKEN_OFF.has(finishReason)) {
    throw new ChatFailure({
      code: 'LLM.StreamError',
      retryable: true,
      message: `The provider broke off its answer: it ended with the reason ${finishReason}.`,
    })
  }
  if (finishReason === 'content_filter') {
    throw new ChatFailure({
      code: 'LLM.ContentFilter',
      retryable: false,
      message: 'The provider filtered the answer.',
      mayBePaid: true,
    })
  }
  if (refusal !== '') return { outcome: 'refused', refusal, ...reply }
  const outcome = finishReason === 'length' ? 'truncated' : 'complete'
  return { outcome, refusal: null, ...reply }
}

/** The failure, with what had arrived until then: it may have to be paid. */
export function withArrived(failure: ChatFailure, reply: PartialReply): ChatFailure {
  const { text, refusal, usage, requestId, serviceTier, reportedCostMicros } = reply
  const partialText = text + refusal
  return failure.with({
    usage: failure.usage ?? usage ?? undefined,
    requestId: failure.requestId ?? requestId ?? undefined,
    serviceTier: serviceTier ?? undefined,
    reportedCostMicros: reportedCostMicros ?? undefined,
    partialText: partialText === '' ? undefined : partialText,
    mayBePaid: failure.mayBePaid || partialText !== '' || mayHaveBegun(failure),
  })
}

const BEGUN: ReadonlySet<FailureCode> = new Set([
  'LLM.Timeout',
  'LLM.StreamInterrupted',
  'LLM.StreamError',
  'LLM.Unknown',
])

// The connection was never there, so the question was not either.
const NEVER_SENT = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ERR_INVALID_URL/

function mayHaveBegun({ code, status, message }: ChatFailure): boolean {
  if (code === 'LLM.Connection') return !NEVER_SENT.test(message)
  return status === undefined && BEGUN.has(code)
}
