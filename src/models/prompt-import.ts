import type { Pool, PoolClient } from 'pg'
import { join } from 'node:path'
import { messageOf } from '../contracts/message-of.ts'
import type { PromptSource } from '../contracts/prompt-source.ts'
import { readSources } from './prompt-source.ts'
import { changingPrompt, keepVersion, labelledVersion, moveLabel } from './prompt-versions.ts'
import { type Prompt, readPromptInTurns } from './prompts.ts'

/** A file whose text is stored as a version. */
export interface ImportedPrompt {
  name: string
  version: number
  /** Whether `production` points to it from here on, where it did not before. */
  moved: boolean
}

/** Runs use this label unless they ask for another. */
export const PRODUCTION = 'production'

const IMPORTER = 'import'

/**
 * Makes versions of the files of a folder, and lets `production` point to each that has changed since it was imported
 * last: a correction made meanwhile stays until its file changes. Answers what it imported. Several processes may do it
 * at once. Throws with the faults of all files, before anything is imported.
 */
export async function importPrompts(pool: Pool, folder: string): Promise<ImportedPrompt[]> {
  const checked = await checkSources(readSources(folder))
  const faults = checked.flatMap(({ source, fault }) =>
    fault === null ? [] : [`${join(folder, `${source.name}.md`)}: ${fault}`],
  )
  if (faults.length > 0) throw new Error(`Some prompts cannot be used:\n${faults.join('\n')}`)
  const imported: ImportedPrompt[] = []
  for (const { prompt } of checked) {
    const one = prompt === null ? null : await importPrompt(pool, { prompt, by: IMPORTER })
    if (one !== null) imported.push(one)
  }
  return imported
}

/** A file after its check: a prompt, or what is wrong with it. */
export type CheckedSource =
  | { source: PromptSource; prompt: Prompt; fault: null }
  | { source: PromptSource; prompt: null; fault: string }

/** Checks files one after the other, in turns of the event loop. */
export async function checkSources(sources: PromptSource[]): Promise<CheckedSource[]> {
  const checked: CheckedSource[] = []
  for (const source of sources) {
    try {
      checked.push({ source, prompt: await readPromptInTurns(source), fault: null })
    } catch (error) {
      checked.push({ source, prompt: null, fault: messageOf(error) })
    }
  }
  return checked
}

/** Imports one file; null where it has not changed since its last import. */
export function importPrompt(
  pool: Pool,
  { prompt, by }: { prompt: Prompt; by: string },
): Promise<ImportedPrompt | null> {
  const { name, sha256 } = prompt
  return changingPrompt(pool, { name, work })

  async function work(client: PoolClient): Promise<ImportedPrompt | null> {
    const last = await client.query<{ sha256: string }>(
      'select sha256 from prompt_imports where name = $1',
      [name],
    )
    if (last.rows[0]?.sha256 === sha256) return null
    const { version } = await keepVersion(client, { prompt, by, message: undefined })
    const moved = (await labelledVersion(client, { name, label: PRODUCTION })) !== version
    if (moved) {
      await moveLabel(client, { name, label: PRODUCTION, version, percent: 100, by })
    }
    await client.query(
      `insert into prompt_imports (name, sha256) values ($1, $2)
       on conflict (name) do update set sha256 = excluded.sha256, at = now()`,
      [name, sha256],
    )
    return { name, version, moved }
  }
}
