import { approvals, approve } from './approvals.ts'
import type { Command, CommandContext } from './command.ts'
import { doctor } from './doctor.ts'
import { events } from './events.ts'
import { CommandError, EXIT, misuse } from './exit.ts'
import { details, overview } from './help.ts'
import { readInput } from './input.ts'
import { llm } from './llm.ts'
import { unknownWord } from './nearest.ts'
import { rejects } from './rejects.ts'
import { runs } from './runs.ts'
import { send } from './send.ts'
import { verify } from './verify.ts'

const own: Command[] = [send, verify, events, rejects, runs, approvals, approve, llm, doctor]

/** Carries out one command line, without the program's name, and resolves with the exit code. */
export async function runCommand(argv: string[], context: CommandContext): Promise<number> {
  try {
    return await carryOut(argv, context)
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    context.print.error(error.message)
    return error.exitCode
  }
}

async function carryOut([name = '', ...args]: string[], context: CommandContext): Promise<number> {
  const { print, version, roles } = context
  const commands = [...roles, ...own]
  if (name === '--version' || name === '-v') {
    print.line(version)
    return EXIT.ok
  }
  if (name === '' || ['help', '--help', '-h'].includes(name)) {
    const [topic, ...rest] = args
    const lines =
      topic === undefined
        ? overview(commands, version)
        : details(withWord(find(commands, topic), rest).command)
    for (const line of lines) print.line(line)
    return name === '' ? EXIT.usage : EXIT.ok
  }
  const { command, rest } = withWord(find(commands, name), args)
  const input = readInput(command, rest)
  if (!input.flag('help')) return command.run(input, context)
  for (const line of details(command)) print.line(line)
  return EXIT.ok
}

/** The command that the word behind its name makes of it. */
function withWord(command: Command, args: string[]): { command: Command; rest: string[] } {
  const [word, ...rest] = args
  if (command.words === undefined || word === undefined || word.startsWith('-')) {
    return { command, rest: args }
  }
  const { name, words } = command
  const found = words.find((each) => each.name === `${name} ${word}`)
  if (found !== undefined) return { command: found, rest }
  const known = words.map((each) => each.name.slice(name.length + 1))
  throw misuse(unknownWord(`word of ${name}`, word, known))
}

function find(commands: Command[], name: string): Command {
  const command = commands.find((each) => each.name === name)
  if (command !== undefined) return command
  const known = [...commands.map((each) => each.name), 'help']
  throw misuse(unknownWord(name.startsWith('-') ? 'flag' : 'command', name, known))
}
