import { GEN_AI } from './gen-ai-names.ts'
import type { Attributes } from './otlp.ts'

/** A message of a call. */
export interface TracedMessage {
  role: string
  content: string
}

// Enough to read what a call was about; collectors refuse spans of some megabytes.
const LONGEST_TEXT = 20_000

/** Question and answer as attributes of a span, long texts cut. */
export function contentOf(
  messages: readonly TracedMessage[],
  { text, finishReason }: { text?: string | null; finishReason?: string | null },
): Attributes {
  const others = messages.filter(({ role }) => role !== 'system')
  const system = messages.filter(({ role }) => role === 'system')
  const answer = {
    role: 'assistant',
    parts: [partOf(text ?? '')],
    finish_reason: finishReason ?? 'error',
  }
  return {
    [GEN_AI.systemInstructions]:
      system.length === 0
        ? undefined
        : JSON.stringify(system.map(({ content }) => partOf(content))),
    [GEN_AI.inputMessages]: JSON.stringify(
      others.map(({ role, content }) => ({ role, parts: [partOf(content)] })),
    ),
    [GEN_AI.outputMessages]: text == null ? undefined : JSON.stringify([answer]),
  }
}

const partOf = (content: string) => ({
  type: 'text',
  content: content.length > LONGEST_TEXT ? `${content.slice(0, LONGEST_TEXT)}…` : content,
})
