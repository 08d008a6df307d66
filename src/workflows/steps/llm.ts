import { scheduleActivity } from '@temporalio/workflow'
import type { ModelCall, ModelReply } from '../../contracts/model-call.ts'
import type { PromptTypes } from '../../contracts/prompts.ts'
import { modelCallOptions } from './activities.ts'
import { thisRun } from './run.ts'
import { step } from './step.ts'

type Text = {
  [Name in keyof PromptTypes]: PromptTypes[Name]['output'] extends string ? Name : never
}
type TextPrompt = Text[keyof PromptTypes]
type ObjectPrompt = Exclude<keyof PromptTypes, TextPrompt>

/** Model calls by prompt: a file in `prompts/` says which tier, with which settings and in which form. */
export const llm = {
  /** Answers with text. */
  text: <Name extends TextPrompt>(
    name: Name,
    variables: PromptTypes[Name]['input'],
  ): Promise<string> => call(name, variables),

  /** Answers with a value that fits the prompt's output schema. */
  object: <Name extends ObjectPrompt>(
    name: Name,
    variables: PromptTypes[Name]['input'],
  ): Promise<PromptTypes[Name]['output']> => call(name, variables),
}

function call<Output>(prompt: string, variables: object): Promise<Output> {
  const summary = `Asks the model: ${prompt}`
  return step({ name: prompt, kind: 'llm', summary }, async (id) => {
    const request: ModelCall = {
      ...thisRun(),
      step: id,
      ask: 1,
      prompt,
      variables: { ...variables },
    }
    const options = { ...modelCallOptions, summary }
    const reply = await scheduleActivity<ModelReply<Output>>('callModel', [request], options)
    return reply.output
  })
}
