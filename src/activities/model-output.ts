import type { Prompt } from '../models/prompts.ts'
import { ChatFailure, type ChatReply } from '../providers/chat.ts'

/**
 * Reads the answer in the form that its prompt asks for, and throws where it has another. `mayRepeat` says whether a
 * wrong form is worth another call.
 */
export function readOutput(
  prompt: Prompt,
  { reply, mayRepeat }: { reply: ChatReply; mayRepeat: boolean },
): unknown {
  if (prompt.outputSchema === null) return reply.text
  if (reply.finishReason === 'length') {
    throw new ChatFailure({
      code: 'LLM.Truncated',
      retryable: false,
      message: `The answer to ${prompt.name} was cut off at ${prompt.maxOutputTokens} tokens.`,
      ...paid(reply),
    })
  }
  const { value, fault } = parseJson(reply.text)
  const mismatch = fault ?? prompt.checkOutput(value)
  if (mismatch === null) return value
  throw new ChatFailure({
    code: 'LLM.InvalidOutput',
    retryable: mayRepeat,
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
