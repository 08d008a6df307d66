import { createHash } from 'node:crypto'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { messageOf } from '../contracts/message-of.ts'
import { PRODUCTION } from './prompt-import.ts'
import { createPromptNews } from './prompt-news.ts'
import { readVersion } from './prompt-versions.ts'
import { type Prompt, type Prompts, readPromptInTurns, readPrompts } from './prompts.ts'

/** The prompts as they are labelled. */
export interface LabelledPrompts {
  /** Those of the files of this build, for which the workflows were compiled. */
  build: Prompts
  /**
   * The version that a label pointed to when the run began: the same one for as long as the run lasts. One that is
   * named by its number is taken as it is, whether or not it fits the build. Rejects where there is none, with
   * `UnusablePrompt`, and where Postgres cannot be asked.
   */
  resolve(
    name: string,
    run: { runId: string; at: string; label?: string; version?: number },
  ): Promise<Prompt>
  close(): Promise<void>
}

/** There is no such prompt, or nothing that could be used for it. Asking again does not help. */
export class UnusablePrompt extends Error {
  override readonly name = 'UnusablePrompt'
}

// More than are in use at any time, and not everything that was ever pushed.
const MOST_VERSIONS = 200
// In case a connection is gone and nobody has noticed.
const LONGEST_TRUST_MS = 5_000

interface Entry {
  version: number
  percent: number
  /** Milliseconds since 1970. */
  at: number
  schemasSha256: string
}

interface History {
  entries: Entry[]
  /** By the clock of Postgres: runs that began earlier find all of their labels in it. */
  readAt: number
}

/**
 * Resolves prompts by label. Versions are parsed once and kept; histories of labels are kept until a label moves, which
 * is heard within milliseconds, and for runs that began before they were read in any case.
 */
export function createPrompts({
  pool,
  folder,
  log,
}: {
  pool: Pool
  folder: string
  log: Logger
}): LabelledPrompts {
  const build = readPrompts(folder)
  const versions = new Map<string, Promise<Prompt>>()
  const histories = new Map<string, { history: Promise<History>; asked: number }>()
  const news = createPromptNews({ pool, log, onChange: forget })

  return { build, resolve, close: news.close }

  async function resolve(
    name: string,
    {
      runId,
      at,
      label = PRODUCTION,
      version: wanted,
    }: { runId: string; at: string; label?: string; version?: number },
  ): Promise<Prompt> {
    if (wanted !== undefined) {
      return { ...(await loadVersion({ name, version: wanted })), version: String(wanted) }
    }
    const start = Date.parse(at)
    const { entries } = await historyOf({ name, label, start })
    const schemas = build.get(name)?.schemasSha256
    const fitting = entries.filter(
      ({ schemasSha256 }) => schemas === undefined || schemasSha256 === schemas,
    )
    const version = pick(fitting, { start, share: shareOf(runId) })
    if (version === undefined) throw new UnusablePrompt(whyNot({ name, label, entries, build }))
    return { ...(await loadVersion({ name, version })), version: String(version), label }
  }

  async function historyOf(about: { name: string; label: string; start: number }) {
    const { name, label, start } = about
    const key = `${name} ${label}`
    const kept = histories.get(key)
    if (kept !== undefined && performance.now() - kept.asked < LONGEST_TRUST_MS) {
      const history = await kept.history
      // What is not heard of is not known for runs that began later.
      if (news.isListening() || start <= history.readAt) return history
    }
    const history = queryHistory(pool, { name, label })
    histories.set(key, { history, asked: performance.now() })
    history.catch(() => histories.delete(key))
    return history
  }

  function loadVersion({ name, version }: { name: string; version: number }): Promise<Prompt> {
    const key = `${name} ${version}`
    const known = versions.get(key) ?? load()
    // To the end of the line: what was used least recently goes first.
    versions.delete(key)
    versions.set(key, known)
    known.catch(() => versions.delete(key))
    const [oldest] = versions.keys()
    if (versions.size > MOST_VERSIONS && oldest !== undefined) versions.delete(oldest)
    return known

    async function load(): Promise<Prompt> {
      const found = await readVersion(pool, { name, version })
      if (found === null) throw new UnusablePrompt(`There is no version ${version} of ${name}.`)
      return readPromptInTurns(found.source, { checked: true }).catch((cause: unknown) => {
        const message = `Version ${version} of ${name} cannot be used: ${messageOf(cause)}`
        throw new UnusablePrompt(message, { cause })
      })
    }
  }

  function forget(name: string | null): void {
    for (const key of histories.keys()) {
      if (name === null || key.startsWith(`${name} `)) histories.delete(key)
    }
  }
}

async function queryHistory(
  pool: Pool,
  { name, label }: { name: string; label: string },
): Promise<History> {
  const { rows } = await pool.query<{
    version: number | null
    percent: number
    at: string
    schemasSha256: string
    readAt: string
  }>(
    `select version, percent, entries.at, schemas_sha256 as "schemasSha256", clock.at as "readAt"
     from (select clock_timestamp() as at) as clock
     left join (select labels.*, schemas_sha256 from prompt_labels as labels
                join prompt_versions using (name, version)
                where name = $1 and label = $2) as entries on true
     order by id`,
    [name, label],
  )
  const entries = rows.flatMap(({ version, at, percent, schemasSha256 }) =>
    version === null ? [] : [{ version, percent, at: Date.parse(at), schemasSha256 }],
  )
  return { entries, readAt: Date.parse(rows[0]?.readAt ?? '') }
}

/**
 * The newest entry from before the start that is for this run. Where there is none the first of all: a run that is
 * older than its label has nothing better.
 */
function pick(
  entries: Entry[],
  { start, share }: { start: number; share: number },
): number | undefined {
  const own = entries.findLast(({ at, percent }) => at <= start && share < percent)
  return (own ?? entries[0])?.version
}

/** From 0 to 99, the same for a run wherever it is asked. */
const shareOf = (runId: string): number =>
  createHash('sha256').update(runId).digest().readUInt32BE() % 100

function whyNot({
  name,
  label,
  entries,
  build,
}: {
  name: string
  label: string
  entries: Entry[]
  build: Prompts
}): string {
  if (entries.length > 0) {
    return `No version of ${name} with the label ${label} has the schemas of ${name}.md in this build.`
  }
  return build.has(name)
    ? `The label ${label} of the prompt ${name} points to no version.`
    : `There is no prompt ${name}.`
}
