import type { PromptHead } from './prompt-file.ts'
import { createCheck } from './prompt-schemas.ts'
import type { PromptMessage } from './prompt-template.ts'

/** A question with the answer that it should get. */
export type PromptExample = PromptHead['examples'][number]

/** What is wrong with examples: they are held to the schemas of the prompt, as calls are. */
export function exampleFaults({
  examples,
  input,
  output,
}: PromptHead): { index: number; message: string }[] {
  if (examples.length === 0) return []
  const checkInput = createCheck(input.schema, 'input')
  const checkOutput = output === undefined ? expectText : createCheck(output.schema, 'output')
  return examples.flatMap((example, index) => {
    const message = checkInput(example.input) ?? checkOutput(example.output)
    return message === null ? [] : [{ index, message: `examples.${index}: ${message}.` }]
  })
}

/** Examples as messages. */
export interface ExampleMessages {
  /** Each question as the prompt would ask it, then its answer. */
  all(): PromptMessage[]
  /** Renders one of them each, which is done once. */
  renderings: (() => void)[]
}

/** Makes messages of examples with what renders a question. */
export function createExamples(
  examples: PromptExample[],
  renderQuestion: (input: PromptExample['input']) => string,
): ExampleMessages {
  const renderings = examples.map((example) => {
    let messages: PromptMessage[] | undefined
    return () => (messages ??= toMessages(example))
  })
  return { all: () => renderings.flatMap((rendering) => rendering()), renderings }

  function toMessages({ input, output }: PromptExample): PromptMessage[] {
    const answer = typeof output === 'string' ? output.trim() : JSON.stringify(output)
    return [
      { role: 'user', content: renderQuestion(input) },
      { role: 'assistant', content: answer },
    ]
  }
}

const expectText = (value: unknown): string | null =>
  typeof value === 'string' ? null : `output must be string, for there is no output.schema`
