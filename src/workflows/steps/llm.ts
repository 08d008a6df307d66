import type { PromptTypes } from '../../contracts/prompts.ts'
import type { ModelOutcome } from '../../contracts/model-call.ts'
import { askModel } from './ask-model.ts'
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

  /** Answers with text, or that the model or its provider's filter declined; else that parks the run. */
  tryText: <Name extends TextPrompt>(
    name: Name,
    variables: PromptTypes[Name]['input'],
  ): Promise<ModelOutcome<string>> => call(name, variables, { declining: true }),

  /** Answers with a value, or that the model or its provider's filter declined; else that parks the run. */
  tryObject: <Name extends ObjectPrompt>(
    name: Name,
    variables: PromptTypes[Name]['input'],
  ): Promise<ModelOutcome<PromptTypes[Name]['output']>> =>
    call(name, variables, { declining: true }),
}

function call<Output>(
  prompt: string,
  variables: object,
  options: { declining?: true } = {},
): Promise<Output> {
  const summary = `Asks the model: ${prompt}`
  return step({ name: prompt, kind: 'llm', summary }, (id) =>
    askModel<Output>({ step: id, prompt, variables: { ...variables }, summary, ...options }),
  )
}
