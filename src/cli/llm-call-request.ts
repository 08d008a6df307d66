import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import type { CommandContext, CommandInput } from './command.ts'
import { CommandError, EXIT, misuse } from './exit.ts'
import { countOf } from './flags.ts'
import { harmless } from './print.ts'

/** The call that a command line asks for, with what the prompt takes read from where `--input` says. */
export async function readCall(
  input: CommandInput,
  context: Pick<CommandContext, 'input' | 'user'>,
): Promise<Record<string, unknown>> {
  const version = countOf(input, { name: 'version', most: 2_147_483_647 })
  const given = ['label', 'tier', 'model'].flatMap((flag) => {
    const value = input.text(flag)
    return value === undefined ? [] : [[flag, value] as const]
  })
  for (const [one, other] of [
    ['label', 'version'],
    ['tier', 'model'],
  ] as const) {
    if (input.flag(one) && input.flag(other)) {
      throw misuse(`Expected --${one} or --${other}, received both.`)
    }
  }
  const file = input.text('input')
  return {
    ...Object.fromEntries(given),
    ...(version === undefined ? {} : { version }),
    ...(file === undefined ? {} : { input: await readVariables(file, context.input) }),
    by: input.text('by') ?? context.user,
  }
}

async function readVariables(
  file: string,
  standardInput: CommandContext['input'],
): Promise<Record<string, unknown>> {
  const json = file === '-' ? await text(standardInput()) : await readOrExplain(file)
  const name = file === '-' ? 'standard input' : file
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(json))
  } catch {
    throw misuse(`Expected a JSON object in ${name}, received '${harmless(json.slice(0, 60))}'.`)
  }
}

async function readOrExplain(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const message = `${file} cannot be read: ${String(cause)}`
    throw new CommandError(message, { exitCode: EXIT.failed, cause })
  }
}
