import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type PromptSource, withUsedPartials } from '../contracts/prompt-source.ts'

/** Every `*.md` of a folder, each with the partials of `partials/` that it uses. */
export function readSources(folder: string): PromptSource[] {
  const partials = Object.fromEntries(readFolder(join(folder, 'partials')))
  return readFolder(folder).map(([name, content]) => withUsedPartials({ name, content, partials }))
}

/** Names the exact text, partials included. Without partials it is the SHA-256 of the file. */
export function digestOf({ content, partials }: PromptSource): string {
  const hash = createHash('sha256').update(content)
  for (const name of Object.keys(partials).toSorted()) {
    // Between NULs, which neither a name nor a stored text has.
    hash.update(`\0${name}\0${partials[name]}`)
  }
  return hash.digest('hex')
}

function readFolder(folder: string): [name: string, text: string][] {
  if (!existsSync(folder)) return []
  return (
    readdirSync(folder)
      // Editors keep files of their own beside it, such as the lock `.#name.md`.
      .filter((file) => file.endsWith('.md') && !file.startsWith('.'))
      .toSorted()
      .map((file) => [basename(file, '.md'), readFileSync(join(folder, file), 'utf8')])
  )
}
