import { type AnswerForm, askForForm } from './answer-form.ts'
import type { ChatRequest } from './chat.ts'
import type { Manner } from './conversation.ts'

/** The body of a request to Responses. What the system says first becomes the instructions. */
export function toResponsesBody(
  request: ChatRequest,
  { supports, background }: Pick<Manner, 'supports'> & { background: boolean },
): object {
  const { model, temperature, maxOutputTokens, reasoningEffort, serviceTier, stream } = request
  const { form, messages } = askForForm(request, supports)
  const firstOther = messages.findIndex(({ role }) => role !== 'system')
  const leading = firstOther === -1 ? messages.length : firstOther
  const instructions = messages.slice(0, leading).map(({ content }) => content)
  return {
    model,
    ...(instructions.length > 0 && { instructions: instructions.join('\n\n') }),
    input: messages.slice(leading),
    max_output_tokens: maxOutputTokens,
    ...(temperature !== undefined && { temperature }),
    ...(reasoningEffort !== undefined && { reasoning: { effort: reasoningEffort } }),
    ...(serviceTier !== undefined && { service_tier: serviceTier }),
    ...(form !== null && { text: { format: textFormat(form) } }),
    stream,
    // Answers in the background are kept by the provider until they are asked for; others need not be.
    ...(background && { background }),
    store: background,
  }
}

const textFormat = (form: NonNullable<AnswerForm>): object =>
  form.type === 'json_schema'
    ? { type: form.type, name: form.name, strict: true, schema: form.schema }
    : { type: form.type }
