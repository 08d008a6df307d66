import type { Pool } from 'pg'
import type { PromptSource } from '../contracts/prompt-source.ts'
import {
  type Change,
  changingPrompt,
  keepVersion,
  type LabelEntry,
  moveLabel,
  type PromptVersion,
  readVersion,
} from './prompt-versions.ts'
import { type Prompt, type Prompts, readPromptInTurns } from './prompts.ts'
import { messageOf } from '../contracts/message-of.ts'

/** What became of a pushed text. */
export type Pushed =
  | { outcome: 'kept'; version: PromptVersion; created: boolean; fitsBuild: boolean }
  | { outcome: 'invalid'; message: string }

/** What became of a label that was to move. */
export type Labelled =
  | { outcome: 'moved'; entry: LabelEntry }
  | { outcome: 'unknown' }
  | { outcome: 'schema_differs'; message: string }

/** Checks a text and keeps it as a version. No label moves. */
export async function pushPrompt(
  pool: Pool,
  { source, build, ...change }: Change & { source: PromptSource; build: Prompts },
): Promise<Pushed> {
  let prompt: Prompt
  try {
    prompt = await readPromptInTurns(source)
  } catch (error) {
    return { outcome: 'invalid', message: messageOf(error) }
  }
  const { name } = prompt
  const kept = await changingPrompt(pool, {
    name,
    work: (client) => keepVersion(client, { prompt, ...change }),
  })
  const { created, ...version } = kept
  const fitsBuild = build.get(name)?.schemasSha256 === version.schemasSha256
  return { outcome: 'kept', version, created, fitsBuild }
}

/**
 * Lets a label point to a version. Refused where the version takes or answers something else than the prompt of this
 * build: the workflows were compiled for that.
 */
export async function labelPrompt(
  pool: Pool,
  { name, build, ...entry }: Omit<LabelEntry, 'at'> & { build: Prompts },
): Promise<Labelled> {
  const { version, label } = entry
  const found = await readVersion(pool, { name, version })
  if (found === null) return { outcome: 'unknown' }
  const built = build.get(name)
  if (built === undefined) {
    const message = `There is no file ${name}.md in this build, so no workflow can use the prompt: deploy its file first.`
    return { outcome: 'schema_differs', message }
  }
  if (built.schemasSha256 !== found.schemasSha256) {
    const message =
      `The input or output schema of version ${version} is not the one of ${name}.md in this build, for which the ` +
      `workflows were compiled. The label ${label} stays: deploy a build with the file of that version.`
    return { outcome: 'schema_differs', message }
  }
  const moved = await changingPrompt(pool, {
    name,
    work: (client) => moveLabel(client, { name, ...entry }),
  })
  return { outcome: 'moved', entry: moved }
}
