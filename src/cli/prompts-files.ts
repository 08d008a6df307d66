import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PromptPushed, PromptText } from '../api/prompt-schemas.ts'
import type { PromptSource } from '../contracts/prompt-source.ts'
import { CommandError, EXIT, misuse } from './exit.ts'
import { moveLabel, pathOf, type PromptsRequest } from './prompts-request.ts'

/** Makes versions of files: of those that are named, else of all. */
export async function pushPrompts(request: PromptsRequest): Promise<number> {
  const { client, words, input, print, user, readSources } = request
  const label = input.text('label')
  const message = input.text('message')
  const pushed = []
  for (const { name, content, partials } of pick(await readSources(), words)) {
    const body = JSON.stringify({
      content,
      partials,
      by: user,
      ...(message === undefined ? {} : { message }),
    })
    const kept = PromptPushed.parse(await client.post(`${pathOf(name)}/versions`, { body }))
    pushed.push(kept)
    const { version, created, fitsBuild } = kept
    if (!input.flag('json')) {
      print.line(`${name}: version ${version}${created ? '' : ', which had this text already'}`)
      if (!fitsBuild) print.error(`${name}: no label can point to it in the build that runs.`)
    }
    if (label !== undefined) await moveLabel(client, { name, label, version, by: user })
  }
  if (input.flag('json')) print.json(pushed)
  else if (label !== undefined)
    print.line(`${label} points to ${pushed.length === 1 ? 'it' : 'them'}.`)
  return EXIT.ok
}

/** The files of these names, or all of them where none is given. */
export function pick(sources: PromptSource[], names: string[]): PromptSource[] {
  if (names.length === 0) return sources
  return names.map((name) => {
    const found = sources.find((source) => source.name === name)
    if (found !== undefined) return found
    throw new CommandError(`There is no file prompts/${name}.md.`, { exitCode: EXIT.notFound })
  })
}

/** Writes a version into its file. A partial that has changed since stays, as other prompts may use it. */
export async function pullPrompt(request: PromptsRequest): Promise<number> {
  const { client, words, input, print, folder } = request
  const [name] = words
  if (name === undefined) throw misuse('Name the prompt that is to be written into its file.')
  const version = encodeURIComponent(input.text('version') ?? 'production')
  const found = PromptText.parse(await client.get(`${pathOf(name)}/versions/${version}`))
  // The name comes back from the server, and becomes part of a path.
  if (found.name !== name || !/^[a-z][a-z0-9-]*$/.test(name)) throw misuse(`'${name}' is no name.`)
  for (const [partial, text] of Object.entries(found.partials)) {
    if (!/^[a-z][a-z0-9-]*$/.test(partial)) continue
    const file = join(folder, 'partials', `${partial}.md`)
    if (!existsSync(file)) {
      mkdirSync(join(folder, 'partials'), { recursive: true })
      writeFileSync(file, text)
    } else if (readFileSync(file, 'utf8') !== text) {
      print.error(
        `partials/${partial}.md is not the one of version ${found.version}. It stays as it is.`,
      )
    }
  }
  writeFileSync(join(folder, `${name}.md`), found.content)
  print.error(`prompts/${name}.md is version ${found.version}.`)
  return EXIT.ok
}
