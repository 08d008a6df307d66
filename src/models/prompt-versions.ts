import type { ClientBase, Pool, PoolClient } from 'pg'
import { storableText } from '../store/text.ts'
import { inTransaction } from '../store/transaction.ts'
import type { Prompt } from './prompts.ts'
import type { PromptSource } from '../contracts/prompt-source.ts'

/** One text that a prompt has had. */
export interface PromptVersion {
  name: string
  version: number
  sha256: string
  schemasSha256: string
  author: string
  message: string | null
  /** ISO 8601. */
  createdAt: string
}

/** Where a label points, and from when on. */
export interface LabelEntry {
  name: string
  label: string
  version: number
  /** The share of runs that it is for; the others stay with the entry before. */
  percent: number
  at: string
  by: string
}

/** Who changes something, and why. */
export interface Change {
  by: string
  message?: string | undefined
}

/** The channel on which the names of prompts are told whose labels have moved. */
export const PROMPT_CHANNEL = 'prompt_changed'

// Every process knows of a label before the first run that it is for, so that no run sees it move.
const NOTICE = '250 milliseconds'

const VERSION = `name, version, sha256, schemas_sha256 as "schemasSha256", author, message,
  created_at as "createdAt"`

/** Works in one transaction that has the prompt to itself, so that numbers and labels come one after the other. */
export async function changingPrompt<Result>(
  pool: Pool,
  { name, work }: { name: string; work: (client: PoolClient) => Promise<Result> },
): Promise<Result> {
  return inTransaction(pool, async (client) => {
    await client.query(`select pg_advisory_xact_lock(hashtextextended('prompt ' || $1, 0))`, [name])
    return work(client)
  })
}

/** Keeps a prompt that was checked, unless one of its versions has that text already. */
export async function keepVersion(
  client: PoolClient,
  { prompt, by, message }: Change & { prompt: Prompt },
): Promise<PromptVersion & { created: boolean }> {
  const { name, sha256, schemasSha256, source } = prompt
  const known = await client.query<PromptVersion>(
    `select ${VERSION} from prompt_versions where name = $1 and sha256 = $2`,
    [name, sha256],
  )
  if (known.rows[0] !== undefined) return { ...known.rows[0], created: false }
  const { rows } = await client.query<PromptVersion>(
    `insert into prompt_versions (name, version, content, partials, sha256, schemas_sha256, author, message)
     select $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5, $6, $7 from prompt_versions where name = $1
     returning ${VERSION}`,
    [
      name,
      source.content,
      JSON.stringify(source.partials),
      sha256,
      schemasSha256,
      storableText(by),
      message === undefined ? null : storableText(message),
    ],
  )
  const [kept] = rows
  if (kept === undefined) throw new Error(`The prompt ${name} was not kept.`)
  return { ...kept, created: true }
}

/** Lets a label point to a version, and tells every process. */
export async function moveLabel(
  client: PoolClient,
  { name, label, version, percent, by }: Omit<LabelEntry, 'at'>,
): Promise<LabelEntry> {
  const { rows } = await client.query<LabelEntry>(
    `insert into prompt_labels (name, label, version, percent, at, by)
     values ($1, $2, $3, $4, clock_timestamp() + interval '${NOTICE}', $5)
     returning name, label, version, percent, at, by`,
    [name, label, version, percent, storableText(by)],
  )
  await client.query('select pg_notify($1, $2)', [PROMPT_CHANNEL, name])
  const [moved] = rows
  if (moved === undefined) throw new Error(`The label ${label} of ${name} did not move.`)
  return moved
}

/** The version that a label points to; null where it points nowhere yet. */
export async function labelledVersion(
  client: Pool | ClientBase,
  { name, label }: { name: string; label: string },
): Promise<number | null> {
  const { rows } = await client.query<{ version: number }>(
    'select version from prompt_labels where name = $1 and label = $2 order by id desc limit 1',
    [name, label],
  )
  return rows[0]?.version ?? null
}

/** A version with its text, by its number; null where there is none. */
export async function readVersion(
  client: Pool | ClientBase,
  { name, version }: { name: string; version: number },
): Promise<(PromptVersion & { source: PromptSource }) | null> {
  const { rows } = await client.query<PromptVersion & Omit<PromptSource, 'name'>>(
    `select ${VERSION}, content, partials from prompt_versions where name = $1 and version = $2`,
    [name, version],
  )
  const [row] = rows
  if (row === undefined) return null
  const { content, partials, ...found } = row
  return { ...found, source: { name, content, partials } }
}
