import type { Pool } from 'pg'
import type { LabelEntry, PromptVersion } from './prompt-versions.ts'

/** A prompt in the list of prompts. */
export interface PromptSummary {
  name: string
  /** The number of its newest version. */
  latest: number
  versions: number
  /** The version that each label points to. */
  labels: Record<string, number>
  updatedAt: string
}

/** Everything that a prompt has been; the youngest first. */
export interface PromptHistory {
  name: string
  versions: PromptVersion[]
  labels: LabelEntry[]
}

/** All prompts that have versions, by name. */
export async function listPrompts(pool: Pool): Promise<PromptSummary[]> {
  const { rows } = await pool.query<PromptSummary>(
    `select name, max(version) as latest, count(*)::int as versions, max(created_at) as "updatedAt",
       (select coalesce(json_object_agg(label, version), '{}')
          from (select distinct on (label) label, prompt_labels.version from prompt_labels
                 where prompt_labels.name = prompt_versions.name order by label, id desc) as now) as labels
     from prompt_versions group by name order by name`,
  )
  return rows
}

/** One prompt; null where it has no version. */
export async function readHistory(pool: Pool, name: string): Promise<PromptHistory | null> {
  const [versions, labels] = await Promise.all([
    pool.query<PromptVersion>(
      `select name, version, sha256, schemas_sha256 as "schemasSha256", author, message,
         created_at as "createdAt"
       from prompt_versions where name = $1 order by version desc`,
      [name],
    ),
    pool.query<LabelEntry>(
      'select name, label, version, percent, at, by from prompt_labels where name = $1 order by id desc',
      [name],
    ),
  ])
  return versions.rows.length === 0 ? null : { name, versions: versions.rows, labels: labels.rows }
}
