import type { JsonSchema } from '../contracts/json-schema.ts'
import { typeOf } from './prompt-schemas.ts'
import type { Prompt } from './prompts.ts'

const HEAD = `// Generated from prompts/*.md by \`onset prompts types\`. Do not edit.

/** What each prompt takes and answers. An output of type string is free text. */
export interface PromptTypes {`

// The line length of the formatter, which the generated file must pass as it is.
const LINE_LENGTH = 100

/** The TypeScript of all prompts, as it stands in `src/contracts/prompts.ts`. */
export const generatePromptTypes = (prompts: Iterable<Prompt>): string =>
  `${[HEAD, ...[...prompts].map(writePrompt), '}'].join('\n')}\n`

function writePrompt({ name, inputSchema, outputSchema }: Prompt): string {
  return [
    `  ${writeKey(name)}: {`,
    writeProperty('input', inputSchema, 4),
    outputSchema === null ? '    output: string' : writeProperty('output', outputSchema, 4),
    '  }',
  ].join('\n')
}

function writeProperty(key: string, schema: JsonSchema, indent: number): string {
  const start = `${' '.repeat(indent)}${key}: `
  const line = start + writeType(schema, indent)
  if (line.includes('\n') || line.length <= LINE_LENGTH) return line
  return start.trimEnd() + writeLongType(schema, indent)
}

function writeType(schema: JsonSchema, indent: number): string {
  if (schema.enum !== undefined) return literals(schema).join(' | ')
  const { base, nullable } = typeOf(schema)
  const type = writeBase(schema, { base, indent })
  return nullable ? `${type} | null` : type
}

function writeBase(
  schema: JsonSchema,
  { base, indent }: { base: ReturnType<typeof typeOf>['base']; indent: number },
): string {
  switch (base) {
    case 'object':
      return writeObject(schema, indent)
    case 'array':
      return writeArray(schema, indent)
    case 'integer':
    case 'number':
      return 'number'
    case 'string':
    case 'boolean':
    case 'null':
      return base
    case undefined:
      return 'unknown'
    default:
      return base satisfies never
  }
}

function writeObject({ properties = {}, required = [] }: JsonSchema, indent: number): string {
  const entries = Object.entries(properties)
  if (entries.length === 0) return 'Record<string, unknown>'
  const lines = entries.map(([name, schema]) =>
    writeProperty(`${writeKey(name)}${required.includes(name) ? '' : '?'}`, schema, indent + 2),
  )
  return ['{', ...lines, `${' '.repeat(indent)}}`].join('\n')
}

function writeArray({ items = {} }: JsonSchema, indent: number): string {
  const type = writeType(items, indent)
  return isUnion(items) ? `(${type})[]` : `${type}[]`
}

/** A union that is too long for its line: one member below the other. */
function writeLongType(schema: JsonSchema, indent: number): string {
  const space = ' '.repeat(indent)
  const { base, nullable } = typeOf(schema)
  if (schema.enum !== undefined) return `\n${bars(literals(schema), indent + 2)}`
  const items = schema.items
  if (base === 'array' && !nullable && items?.enum !== undefined) {
    return ` (\n${bars(literals(items), indent + 2)}\n${space})[]`
  }
  return ` ${writeType(schema, indent)}`
}

const bars = (members: string[], indent: number): string =>
  members.map((member) => `${' '.repeat(indent)}| ${member}`).join('\n')

const literals = (schema: JsonSchema): string[] => (schema.enum ?? []).map(writeLiteral)

const writeLiteral = (value: string | number | boolean | null): string =>
  typeof value === 'string' ? writeText(value) : String(value)

const isUnion = (schema: JsonSchema): boolean =>
  schema.enum === undefined ? typeOf(schema).nullable : schema.enum.length > 1

const writeKey = (name: string): string =>
  /^[A-Za-z_$][\w$]*$/.test(name) ? name : writeText(name)

/** In single quotes, unless double ones need fewer escapes. */
function writeText(text: string): string {
  const double = JSON.stringify(text)
  const quotes = { single: text.split("'").length, double: text.split('"').length }
  if (quotes.single > quotes.double) return double
  return `'${double
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll("'", String.raw`\'`)}'`
}
