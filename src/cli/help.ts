import type { Command } from './command.ts'

/** All commands, one line each. */
export function overview(commands: Command[], version: string): string[] {
  const width = Math.max(...commands.map(({ name }) => name.length))
  return [
    `onset ${version}: turns outside events into durable LLM work`,
    '',
    'npx onset <command> [--help]',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'Exit codes: 0 done, 1 failed or refused, 2 wrong usage, 3 no server, 4 not found,',
    '5 already decided, expired or finished.',
  ]
}

/** One command with its flags. */
export function details({ name, usage, summary, options, words = [] }: Command): string[] {
  const names = Object.keys(options).map((option) => `--${option}`)
  const width = Math.max(0, ...names.map((option) => option.length))
  const wordWidth = Math.max(0, ...words.map((word) => word.name.length))
  return [
    summary,
    '',
    `npx onset ${name} ${usage}`.trimEnd(),
    '',
    ...words.map((word) => `  ${word.name.padEnd(wordWidth)}  ${word.summary}`),
    ...Object.values(options).map(
      ({ meaning }, index) => `  ${(names[index] ?? '').padEnd(width)}  ${meaning}`,
    ),
  ]
}
