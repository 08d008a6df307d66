import type { Prompt } from '../models/prompts.ts'
import type { Filled } from './messages.ts'
import { ChatFailure, type ChatReply } from '../providers/chat.ts'

/** Reads the answer in the form that its prompt asks for, and throws where it has another. */
export function readOutput(
  { prompt, filled }: { prompt: Prompt; filled: Pick<Filled, 'maxOutputTokens'> },
  reply: ChatReply,
): unknown {
  if (reply.outcome === 'refused') {
    throw new ChatFailure({
      code: 'LLM.Refused',
      retryable: false,
      message: `The model declined to answer ${prompt.name}: ${reply.refusal ?? reply.text}`,
      ...paid(reply),
    })
  }
  if (prompt.outputSchema === null) return reply.text
  if (reply.finishReason === 'length') {
    throw new ChatFailure({
      code: 'LLM.Truncated',
      retryable: false,
      message: `The answer to ${prompt.name} was cut off at ${filled.maxOutputTokens} tokens.`,
      ...paid(reply),
    })
  }
  const { value, fault } = parseJson(reply.text)
  const mismatch = fault ?? prompt.checkOutput(value)
  if (mismatch === null) return value
  throw new ChatFailure({
    code: 'LLM.InvalidOutput',
    retryable: false,
    message: `The answer to ${prompt.name} has the wrong form: ${mismatch}.`,
    ...paid(reply),
  })
}

function parseJson(text: string): { value: unknown; fault: string | null } {
  try {
    return { value: JSON.parse(text), fault: null }
  } catch (error) {
    return { value: null, fault: error instanceof Error ? error.message : String(error) }
  }
}

const paid = ({ usage, requestId }: ChatReply) => ({
  usage: usage ?? undefined,
  requestId: requestId ?? undefined,
})
