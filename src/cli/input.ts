import { parseArgs } from 'node:util'
import type { Command, CommandInput } from './command.ts'
import { misuse } from './exit.ts'
import { unknownWord } from './nearest.ts'

interface Option {
  type: 'string' | 'boolean'
  short?: string
}

const HELP: Record<string, Option> = { help: { type: 'boolean', short: 'h' } }

/** Reads what follows a command's name. Throws where a flag is unknown or something is missing or too much. */
export function readInput(command: Command, args: string[]): CommandInput {
  const options: Record<string, Option> = { ...command.options, ...HELP }
  // Not strict: our own messages say what was probably meant.
  const { tokens, positionals } = parseArgs({
    args,
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const values = new Map<string, string | undefined>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined
    if (option === undefined) {
      throw misuse(
        unknownWord(
          'flag',
          token.rawName,
          Object.keys(options).map((name) => `--${name}`),
        ),
      )
    }
    checkValue(token, option.type)
    values.set(token.name, token.value)
  }
  if (!values.has('help')) checkPositionals(command, positionals)
  return {
    positionals,
    text: (name) => values.get(name),
    flag: (name) => values.has(name),
  }
}

function checkValue(
  {
    rawName,
    value,
    inlineValue,
  }: { rawName: string; value: string | undefined; inlineValue: boolean | undefined },
  type: 'string' | 'boolean',
): void {
  if (type === 'boolean' && value !== undefined) throw misuse(`${rawName} takes no value.`)
  if (type === 'boolean') return
  const forgotten = value === undefined || (inlineValue !== true && value.startsWith('--'))
  if (forgotten) throw misuse(`${rawName} needs a value.`)
}

function checkPositionals(
  { name, usage, positionals: { least, most } }: Command,
  given: string[],
): void {
  if (given.length >= least && given.length <= most) return
  throw misuse(`Usage: npx onset ${name} ${usage}`.trimEnd())
}
