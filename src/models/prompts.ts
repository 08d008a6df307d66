import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type JsonSchema, sampleOf } from '../contracts/json-schema.ts'
import { type PromptFile, parsePromptFile, type Tier } from './prompt-file.ts'
import { createCheck, schemaFaults } from './prompt-schemas.ts'
import { parseTemplate, type PromptMessage, type PromptTemplate } from './prompt-template.ts'

/** A prompt that has passed every check. */
export interface Prompt {
  name: string
  /** Names the exact text: any change of the file changes it. */
  version: string
  tier: Tier
  /** The provider's own default where undefined. */
  temperature: number | undefined
  maxOutputTokens: number
  stream: boolean
  inputSchema: JsonSchema
  /** Null for a prompt that is answered in free text. */
  outputSchema: JsonSchema | null
  /** Throws where the variables do not fit the input schema or the template. */
  render(variables: Record<string, unknown>): PromptMessage[]
  /** What is wrong with an answer; null where it fits the output schema. */
  checkOutput(value: unknown): string | null
}

/** All prompts by name. */
export type Prompts = ReadonlyMap<string, Prompt>

/** Reads every `*.md` of a folder. Throws once, with the faults of all files. */
export function readPrompts(folder: string): Prompts {
  const prompts = new Map<string, Prompt>()
  const faults: string[] = []
  for (const file of readdirSync(folder).toSorted()) {
    if (!file.endsWith('.md')) continue
    try {
      const prompt = readPrompt(readFileSync(join(folder, file), 'utf8'), basename(file, '.md'))
      prompts.set(prompt.name, prompt)
    } catch (error) {
      faults.push(
        `${join(folder, file)}: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
  }
  if (faults.length > 0) throw new Error(`Some prompts cannot be used:\n${faults.join('\n')}`)
  return prompts
}

/** Checks and prepares one prompt. Throws with all that is wrong with it. */
export function readPrompt(content: string, name: string): Prompt {
  const { head, body, version } = parsePromptFile(content)
  const faults = headFaults(head, name)
  if (faults.length > 0) throw new Error(faults.join(' '))

  const template = parseTemplate(body)
  const undeclared = template.paths.filter((path) => !isDeclared(head.input.schema, path))
  if (undeclared.length > 0) {
    throw new Error(
      `input.schema declares no ${undeclared.map((path) => path.join('.')).join(', ')}.`,
    )
  }
  const prompt = toPrompt({ head, body, version }, template)
  // Once with and once without what is optional: each must render.
  prompt.render(sampleInput(prompt.inputSchema, { optional: true }))
  prompt.render(sampleInput(prompt.inputSchema, { optional: false }))
  return prompt
}

function headFaults(head: PromptFile['head'], name: string): string[] {
  return [
    ...(head.name === name ? [] : [`The name is ${head.name}, but the file ${name}.md.`]),
    ...(head.input.schema.type === 'object' ? [] : ['input.schema: expected type object.']),
    ...schemaFaults(head.input.schema, 'input.schema'),
    ...(head.output && head.output.schema.type !== 'object'
      ? ['output.schema: expected type object.']
      : []),
    ...(head.output ? schemaFaults(head.output.schema, 'output.schema', { strict: true }) : []),
  ]
}

/** Follows a path as far as the schema names properties; what lies below other values is theirs. */
function isDeclared(schema: JsonSchema, [name, ...rest]: string[]): boolean {
  if (name === undefined || schema.properties === undefined) return true
  const property = schema.properties[name]
  return property !== undefined && isDeclared(property, rest)
}

function toPrompt({ head, version }: PromptFile, template: PromptTemplate): Prompt {
  const checkInput = createCheck(head.input.schema, 'variables')
  return {
    name: head.name,
    version,
    tier: head.tier,
    temperature: head.config.temperature,
    maxOutputTokens: head.config.max_output_tokens,
    stream: head.config.stream,
    inputSchema: head.input.schema,
    outputSchema: head.output?.schema ?? null,
    render(variables) {
      const fault = checkInput(variables)
      if (fault !== null) throw new Error(`The prompt ${head.name} cannot be filled in: ${fault}.`)
      return template.render(variables)
    },
    checkOutput: head.output ? createCheck(head.output.schema, 'output') : () => null,
  }
}

const sampleInput = (schema: JsonSchema, options: { optional: boolean }): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(schema.properties ?? {})
      .filter(([name]) => options.optional || schema.required?.includes(name))
      .map(([name, property]) => [name, sampleOf(property, options)]),
  )
