import type { TriggerEvent } from '../../contracts/event.ts'
import type { PromptTrial } from '../../contracts/model-call.ts'
import { askOnce } from '../steps/ask-model.ts'
import { step } from '../steps/step.ts'

/** Makes one model call for somebody who tries a prompt; started through the API alone. Answers what the model does. */
export function tryPrompt({ data: question }: TriggerEvent<PromptTrial>): Promise<unknown> {
  const summary = `Tries the prompt: ${question.prompt}`
  return step({ name: question.prompt, kind: 'llm', summary }, (id) =>
    askOnce({ step: id, ...question, summary }),
  )
}
