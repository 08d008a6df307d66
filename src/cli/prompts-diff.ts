import { PromptText } from '../api/prompt-schemas.ts'
import type { PromptSource } from '../contracts/prompt-source.ts'
import { EXIT } from './exit.ts'
import { diffLines } from './line-diff.ts'
import { harmless } from './print.ts'
import { pick } from './prompts-files.ts'
import { pathOf, type PromptsRequest } from './prompts-request.ts'

const FILE = 'file'

/** Prints how one text of a prompt becomes another: `production` and the file by default, for all prompts by default. */
export async function diffPrompts(request: PromptsRequest): Promise<number> {
  const { words, print, readSources } = request
  const [name, before = 'production', after = FILE] = words
  const names = name === undefined ? (await readSources()).map((source) => source.name) : [name]
  for (const each of names) {
    const old = await readText(request, { name: each, version: before })
    const young = await readText(request, { name: each, version: after })
    const lines = diffLines(old, young)
    if (lines.length === 0) continue
    print.line(`--- ${each} ${before}`)
    print.line(`+++ ${each} ${after}`)
    for (const line of lines) print.line(harmless(line))
  }
  return EXIT.ok
}

async function readText(
  { client, readSources }: PromptsRequest,
  { name, version }: { name: string; version: string },
): Promise<string> {
  if (version === FILE)
    return pick(await readSources(), [name])
      .map(toText)
      .join('')
  const path = `${pathOf(name)}/versions/${encodeURIComponent(version)}`
  return toText(PromptText.parse(await client.get(path)))
}

/** The prompt and, below it, its partials. */
const toText = ({ content, partials }: Omit<PromptSource, 'name'>): string =>
  [
    content,
    ...Object.entries(partials)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, text]) => `=== partials/${name}.md\n${text}`),
  ].join('\n')
