import type { Pool } from 'pg'

/** What spending can be summed up by. */
export const SPEND_BY = [
  'trigger',
  'workflow',
  'model',
  'provider',
  'prompt',
  'promptVersion',
  'day',
  'run',
] as const

/** What spending is summed up by. */
export type SpendBy = (typeof SPEND_BY)[number]

/** Sums over attempts of model calls. */
export interface Sums {
  /** Attempts that were begun, failed ones included. */
  calls: number
  /** Those of them that used tokens for which no price is known: the cost does not contain them. */
  unpricedCalls: number
  costMicros: number
  /** The part of the cost that nobody reported: estimates of calls whose worker died. */
  estimatedMicros: number
  inputTokens: number
  cachedInputTokens: number
  outputTokens: number
  reasoningTokens: number
}

/** What was spent, the dearest first; days in their order. */
export interface Spend {
  /** `key` is null where the ledger was not told. */
  rows: (Sums & { key: string | null })[]
  total: Sums
  /** True where there were more rows than asked for; the total contains them. */
  cut: boolean
}

// What is grouped by, and how that is written: a million dates are not spelled out for thirty days.
const KEYS: Record<SpendBy, { columns: string; key?: string }> = {
  trigger: { columns: 'trigger' },
  workflow: { columns: 'workflow' },
  model: { columns: 'model' },
  provider: { columns: 'provider' },
  prompt: { columns: 'prompt' },
  promptVersion: { columns: 'prompt, prompt_version', key: `prompt || '@' || prompt_version` },
  day: {
    columns: `date_trunc('day', started_at, 'UTC')`,
    key: `to_char(date_trunc('day', started_at, 'UTC') at time zone 'UTC', 'YYYY-MM-DD')`,
  },
  run: { columns: 'run_id' },
}

// Sums of bigint are numeric, which pg reads as text; below 2^53 float8 holds them exactly.
const SUMS = `
  count(*)::float8 as calls,
  count(*) filter (where cost_micros is null and input_tokens is not null)::float8 as "unpricedCalls",
  coalesce(sum(cost_micros), 0)::float8 as "costMicros",
  coalesce(sum(cost_micros) filter (where cost_source = 'estimate'), 0)::float8 as "estimatedMicros",
  coalesce(sum(input_tokens), 0)::float8 as "inputTokens",
  coalesce(sum(cached_input_tokens), 0)::float8 as "cachedInputTokens",
  coalesce(sum(output_tokens), 0)::float8 as "outputTokens",
  coalesce(sum(reasoning_tokens), 0)::float8 as "reasoningTokens"`

const TOTAL = [
  'calls',
  '"unpricedCalls"',
  '"costMicros"',
  '"estimatedMicros"',
  '"inputTokens"',
  '"cachedInputTokens"',
  '"outputTokens"',
  '"reasoningTokens"',
]
  .map((column) => `coalesce(sum(${column}), 0) as ${column}`)
  .join(', ')

/** What model calls cost that began from `from` until before `to` (ISO 8601). */
export async function spend(
  pool: Pool,
  {
    tenant,
    from,
    to,
    by,
    limit,
  }: { tenant: string; from: string; to: string; by: SpendBy; limit: number },
): Promise<Spend> {
  const { columns, key = columns } = KEYS[by]
  const order = by === 'day' ? 'key' : '"costMicros" desc, calls desc, key'
  const { rows } = await pool.query<Sums & { key: string | null }>(
    `with parts as materialized (
       select ${key} as key, ${SUMS} from ledger
        where tenant = $1 and started_at >= $2 and started_at < $3 group by ${columns}
     )
     select null as key, ${TOTAL} from parts
      union all
     (select * from parts order by ${order} limit $4)`,
    [tenant, from, to, limit + 1],
  )
  const [whole, ...parts] = rows
  if (whole === undefined) throw new Error('The ledger answered no sums.')
  const shown = parts.slice(0, limit).map((row) => ({ key: row.key, ...sumsOf(row) }))
  return { rows: shown, total: sumsOf(whole), cut: parts.length > limit }
}

const sumsOf = (row: Sums): Sums => ({
  calls: row.calls,
  unpricedCalls: row.unpricedCalls,
  costMicros: row.costMicros,
  estimatedMicros: row.estimatedMicros,
  inputTokens: row.inputTokens,
  cachedInputTokens: row.cachedInputTokens,
  outputTokens: row.outputTokens,
  reasoningTokens: row.reasoningTokens,
})
