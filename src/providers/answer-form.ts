import type { ProviderAbilities } from '../contracts/provider-profile.ts'
import type { ChatMessage, ChatRequest } from './chat.ts'
import { schemaModeOf } from './profiles.ts'

/**
 * How a service is told which form an answer must have: by OpenAI's `json_schema`, by the older `json_object`, which
 * servers on llama.cpp take with the schema beside it, or by words alone. Null where any form will do.
 */
export type AnswerForm =
  | { type: 'json_schema'; name: string; schema: object }
  | { type: 'json_object'; schema: object }
  | null

// OpenAI takes no longer name for a schema.
const LONGEST_NAME = 64

/** What a request says about the form of its answer, and its messages, which say it where nothing else can. */
export function askForForm(
  { prompt, messages, schema }: Pick<ChatRequest, 'prompt' | 'messages' | 'schema'>,
  supports: ProviderAbilities,
): { form: AnswerForm; messages: ChatMessage[] } {
  if (schema === undefined) return { form: null, messages }
  const mode = schemaModeOf(supports)
  if (mode === 'json_schema') {
    return { form: { type: mode, name: prompt.slice(0, LONGEST_NAME), schema }, messages }
  }
  const content = `Answer with one JSON value that fits this JSON Schema: ${JSON.stringify(schema)}`
  return {
    form: mode === 'json_object' ? { type: mode, schema } : null,
    messages: [{ role: 'system', content }, ...messages],
  }
}
