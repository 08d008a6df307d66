import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { type JsonSchema, sampleOf } from '../contracts/json-schema.ts'
import { messageOf } from '../contracts/message-of.ts'
import { faultAt } from './prompt-faults.ts'
import { type PromptFile, type PromptHead, parsePromptFile, type Tier } from './prompt-file.ts'
import { createExamples, exampleFaults } from './prompt-examples.ts'
import { createCheck, digestOfSchemas, schemaFaults } from './prompt-schemas.ts'
import { type PromptSource, withUsedPartials } from '../contracts/prompt-source.ts'
import { digestOf, readSources } from './prompt-source.ts'
import { parseTemplate, type PromptMessage, type PromptTemplate } from './prompt-template.ts'
import { createTrim, trimFaults } from './prompt-trim.ts'

/** A prompt that has passed every check. */
export interface Prompt {
  name: string
  /** Of a stored prompt its number; of a file the first 12 digits of its SHA-256. Names the exact text. */
  version: string
  /** The label that led to it; null for a file. */
  label: string | null
  /** Of the text and its partials. */
  sha256: string
  /** Of what it takes and answers: equal digests mean equal types. */
  schemasSha256: string
  /** Null where the prompt names a model. */
  tier: Tier | null
  /** Null where the prompt names a tier. */
  model: { provider: string; model: string } | null
  /** Whether another model of the tier's list may answer. */
  fallback: boolean
  /** The provider's own default where undefined. */
  temperature: number | undefined
  maxOutputTokens: number
  stream: boolean
  inputSchema: JsonSchema
  /** Null for a prompt that is answered in free text. */
  outputSchema: JsonSchema | null
  /** What it was made of, with the partials that it uses and no others. */
  source: PromptSource
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
  for (const source of readSources(folder)) {
    try {
      const prompt = readPrompt(source)
      prompts.set(prompt.name, prompt)
    } catch (error) {
      faults.push(`${join(folder, `${source.name}.md`)}: ${messageOf(error)}`)
    }
  }
  if (faults.length > 0) throw new Error(`Some prompts cannot be used:\n${faults.join('\n')}`)
  return prompts
}

/** Checks and prepares one prompt. Throws with what is wrong with it, naming the line. */
export function readPrompt(source: PromptSource): Prompt {
  const { prompt, renderings, trials } = prepare(source)
  for (const render of [...renderings, ...trials]) render()
  return prompt
}

/**
 * The same, in turns of the event loop, so that a prompt that takes too long holds up nobody else. One that was
 * `checked` when it was stored is not tried out again.
 */
export async function readPromptInTurns(
  source: PromptSource,
  { checked = false } = {},
): Promise<Prompt> {
  const file = parsePromptFile(source.content)
  await turn()
  const { prompt, renderings, trials } = prepare(source, file)
  for (const render of checked ? renderings : [...renderings, ...trials]) {
    await turn()
    render()
  }
  return prompt
}

function prepare(given: PromptSource, file = parsePromptFile(given.content)) {
  const source = withUsedPartials(given)
  const { head, body, bodyLine, lineOf } = file
  const faults = headFaults(head, source.name)
  if (faults.length > 0) throw new Error(faults.join(' '))
  for (const { path, message } of trimFaults(head.trim, head.input.schema)) {
    throw faultAt({ line: lineOf(['trim', path]) }, `trim.${path}: ${message}`)
  }
  for (const { index, message } of exampleFaults(head)) {
    throw faultAt({ line: lineOf(['examples', index]) }, message)
  }

  const template = parseTemplate({ body, line: bodyLine, partials: source.partials })
  for (const { path, place } of template.variables) {
    if (isDeclared(head.input.schema, path)) continue
    throw faultAt(place, `input.schema declares no ${path.join('.')}.`)
  }
  const { prompt, renderings } = toPrompt(source, { file, template })
  // Once with and once without what is optional: each must render.
  const trials = [true, false].map(
    (optional) => () => void prompt.render(sampleInput(prompt.inputSchema, { optional })),
  )
  return { prompt, renderings, trials }
}

function headFaults(head: PromptHead, name: string): string[] {
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

function toPrompt(
  source: PromptSource,
  { file: { head }, template }: { file: PromptFile; template: PromptTemplate },
) {
  const checkInput = createCheck(head.input.schema, 'variables')
  const trim = createTrim(head.trim)
  const examples = createExamples(head.examples, (input) => template.renderQuestion(trim(input)))
  const outputSchema = head.output?.schema ?? null
  const sha256 = digestOf(source)
  const prompt: Prompt = {
    name: head.name,
    version: sha256.slice(0, 12),
    label: null,
    sha256,
    schemasSha256: digestOfSchemas(head.input.schema, outputSchema),
    tier: head.tier ?? null,
    model: head.model === undefined ? null : toModel(head.model),
    fallback: head.fallback,
    temperature: head.config.temperature,
    maxOutputTokens: head.config.max_output_tokens,
    stream: head.config.stream,
    inputSchema: head.input.schema,
    outputSchema,
    source,
    render(variables) {
      const fault = checkInput(variables)
      if (fault !== null) throw new Error(`The prompt ${head.name} cannot be filled in: ${fault}.`)
      return template.render(trim(variables), examples.all())
    },
    checkOutput: head.output ? createCheck(head.output.schema, 'output') : () => null,
  }
  return { prompt, renderings: examples.renderings }
}

/** The parts of `provider/model`; a model's own name may have slashes of its own. */
export function toModel(text: string): { provider: string; model: string } {
  const [provider = '', ...model] = text.split('/')
  return { provider, model: model.join('/') }
}

const sampleInput = (schema: JsonSchema, options: { optional: boolean }): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(schema.properties ?? {})
      .filter(([name]) => options.optional || schema.required?.includes(name))
      .map(([name, property]) => [name, sampleOf(property, options)]),
  )
