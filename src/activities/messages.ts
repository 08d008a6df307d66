import type { Correction } from '../models/corrections.ts'
import type { Prompt } from '../models/prompts.ts'
import type { ChatMessage } from '../providers/chat.ts'

/** What a model is sent, and how long its answer may become. */
export interface Filled {
  messages: ChatMessage[]
  maxOutputTokens: number
}

/**
 * Fills a prompt in. Where an answer in the wrong form came before, the model gets it back with what was wrong; one
 * that was cut off may be twice as long. Throws where the variables do not fit.
 */
export function messagesOf(
  prompt: Prompt,
  { variables, correction }: { variables: Record<string, unknown>; correction: Correction | null },
): Filled {
  const messages = prompt.render(variables)
  const { maxOutputTokens } = prompt
  if (correction === null) return { messages, maxOutputTokens }
  if (correction.code === 'LLM.Truncated') {
    return { messages, maxOutputTokens: maxOutputTokens * 2 }
  }
  const { text, message } = correction
  return {
    messages: [
      ...messages,
      ...(text === '' ? [] : [{ role: 'assistant', content: text } as const]),
      {
        role: 'user',
        content: `Your answer cannot be used: ${message} Answer again, in the form that was asked for and with nothing else.`,
      },
    ],
    maxOutputTokens,
  }
}
