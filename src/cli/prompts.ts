import { PromptHistory, PromptList } from '../api/prompt-schemas.ts'
import type { Command } from './command.ts'
import { EXIT, misuse } from './exit.ts'
import { countOf, flags, openClient } from './flags.ts'
import { unknownWord } from './nearest.ts'
import type { Print } from './print.ts'
import { diffPrompts } from './prompts-diff.ts'
import { pullPrompt, pushPrompts } from './prompts-files.ts'
import { moveLabel, pathOf, type PromptsRequest } from './prompts-request.ts'
import { table } from './table.ts'

const subcommands: Record<string, (request: PromptsRequest) => Promise<number>> = {
  list,
  log,
  label,
  push: pushPrompts,
  pull: pullPrompt,
  diff: diffPrompts,
}

/** `onset prompts`: versions and labels of prompts, which change without a deploy. */
export const promptsCommand = ({
  folder,
  readSources,
  writeTypes,
}: Pick<PromptsRequest, 'folder' | 'readSources'> & {
  writeTypes: (print: Print) => Promise<number>
}): Command => ({
  name: 'prompts',
  usage:
    'list | log <name> | push [name…] [--message <text>] [--label <label>] | label <name> <label> <version> [--percent <n>] | diff [name] [a] [b] | pull <name> [--version <version or label>] | types',
  summary: 'Change prompts without a deploy; generate their types',
  positionals: { least: 1, most: 100 },
  options: {
    message: { type: 'string', meaning: 'With push: why; kept with the version' },
    label: { type: 'string', meaning: 'With push: the label that is to point to it' },
    percent: { type: 'string', meaning: 'With label: only this share of runs; 100 by default' },
    version: { type: 'string', meaning: 'With pull: a number or a label; production by default' },
    by: { type: 'string', meaning: 'Who changes it; you by default' },
    ...flags,
  },
  async run(input, { server, print, user }) {
    const [word = '', ...words] = input.positionals
    if (word === 'types') return writeTypes(print)
    const subcommand = Object.hasOwn(subcommands, word) ? subcommands[word] : undefined
    if (subcommand === undefined) {
      throw misuse(unknownWord('command', word, [...Object.keys(subcommands), 'types']))
    }
    const client = openClient(input, await server())
    const by = input.text('by') ?? user
    return subcommand({ client, words, input, print, user: by, folder, readSources })
  },
})

async function list({ client, input, print }: PromptsRequest): Promise<number> {
  const { prompts } = PromptList.parse(await client.get('/api/prompts'))
  if (input.flag('json')) {
    print.json(prompts)
    return EXIT.ok
  }
  const rows = prompts.map(({ name, latest, labels, updatedAt }) => ({
    prompt: name,
    latest: String(latest),
    labels: Object.entries(labels)
      .map(([word, version]) => `${word} ${version}`)
      .join(', '),
    updated: updatedAt,
  }))
  if (rows.length === 0) print.error('There are no prompts.')
  else for (const line of table(rows)) print.line(line)
  return EXIT.ok
}

async function log({ client, words: [name], input, print }: PromptsRequest): Promise<number> {
  if (name === undefined) throw misuse('Name the prompt whose history is to be shown.')
  const history = PromptHistory.parse(await client.get(pathOf(name)))
  if (input.flag('json')) {
    print.json(history)
    return EXIT.ok
  }
  const changes = [
    ...history.versions.map(({ version, author, message, createdAt }) => ({
      at: createdAt,
      what: `version ${version}`,
      by: author,
      message: message ?? '',
    })),
    ...history.labels.map(({ label: word, version, percent, at, by }) => ({
      at,
      what: `${word} → ${version}${percent === 100 ? '' : ` for ${percent} %`}`,
      by,
      message: '',
    })),
  ].toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))
  for (const line of table(changes)) print.line(line)
  return EXIT.ok
}

async function label({ client, words, input, print, user }: PromptsRequest): Promise<number> {
  const [name, word, version] = words
  if (name === undefined || word === undefined || !/^[1-9]\d*$/.test(version ?? '')) {
    throw misuse('Usage: npx onset prompts label <name> <label> <version>')
  }
  const percent = countOf(input, { name: 'percent', most: 100 })
  const moved = await moveLabel(client, {
    name,
    label: word,
    version: Number(version),
    percent,
    by: user,
  })
  if (input.flag('json')) print.json(moved)
  else print.line(`${name}: ${word} points to version ${version}.`)
  return EXIT.ok
}
