import type { Pool } from 'pg'
import { messageOf } from '../contracts/message-of.ts'
import { createFolderWatch } from './folder-watch.ts'
import { type CheckedSource, checkSources, importPrompt } from './prompt-import.ts'
import { readSources } from './prompt-source.ts'
import type { Prompt, Prompts } from './prompts.ts'

/** Follows a folder until it is closed. */
export interface PromptWatch {
  /** Resolves when what is under way is done. What was saved since is imported at the next start. */
  close(): Promise<void>
}

/**
 * In development: what is saved in a folder becomes a version, and `production` points to it at once. A file that is
 * wrong or gone, or whose schemas are no longer those of this build, leaves the last good version in use and is
 * reported. The folder may be replaced as a whole.
 */
export function watchPrompts({
  pool,
  folder,
  build,
  by,
  tell,
  writeTypes,
}: {
  pool: Pool
  folder: string
  /** The prompts that the workflows of this process were compiled for. */
  build: Prompts
  by: string
  /** A line for the person who edits. */
  tell: (line: string) => void
  /** Is given all prompts whenever each of them is right. */
  writeTypes: (prompts: Prompt[]) => void
}): PromptWatch {
  const faults = new Map<string, string>()
  const watch = createFolderWatch({
    folder,
    within: 'partials',
    onChange: look,
    onFault: (message) => report(folder, message),
  })
  let closed = false
  let underWay = Promise.resolve()
  look()

  return {
    async close() {
      closed = true
      watch.close()
      await underWay
    },
  }

  function look(): void {
    underWay = underWay
      .then(takeOver)
      .catch((error: unknown) =>
        tell(`Save again, prompts were not taken over: ${messageOf(error)}`),
      )
  }

  async function takeOver(): Promise<void> {
    if (closed) return
    // Before the files are read, so that none is saved unseen.
    watch.renew()
    const checked = await checkSources(readSources(folder))
    for (const name of build.keys()) {
      if (checked.some(({ source }) => source.name === name)) continue
      report(name, `${name}.md is gone, and its last version stays in use.`)
    }
    for (const each of checked) await takeOverOne(each)
    const prompts = checked.flatMap(({ prompt }) => prompt ?? [])
    // They are made of all files at once.
    if (prompts.length === checked.length) writeTypes(prompts)
  }

  async function takeOverOne({ source: { name }, prompt, fault }: CheckedSource): Promise<void> {
    if (prompt === null) {
      report(name, `${name}.md is wrong, and the last good version stays in use. ${fault}`)
      return
    }
    const built = build.get(name)
    if (built === undefined) {
      report(name, `${name}.md is new: start again to use it.`)
      return
    }
    if (built.schemasSha256 !== prompt.schemasSha256) {
      report(name, `${name}.md takes or answers something else: start again to use it.`)
      return
    }
    const imported = await importPrompt(pool, { prompt, by })
    const wasReported = faults.delete(name)
    if (imported !== null) tell(`${name} version ${imported.version} is in use.`)
    else if (wasReported) tell(`${name}.md is again what it was when it was imported last.`)
  }

  /** Once for each fault, not with every file that is saved. */
  function report(name: string, line: string): void {
    if (faults.get(name) === line) return
    faults.set(name, line)
    tell(line)
  }
}
