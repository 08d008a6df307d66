import type { Pool } from 'pg'
import type { UnitPrices } from './price-list.ts'

/** One attempt of a model call, as people look at it. */
export interface CallAttempt {
  /** Position in the ledger. */
  id: number
  runId: string
  step: string
  ask: number
  /** Counts all attempts of the step, over all of its asks. */
  attempt: number
  /** Null where it was not told. */
  trigger: string | null
  workflow: string | null
  provider: string
  model: string
  prompt: string
  promptVersion: string
  outcome: 'started' | 'succeeded' | 'failed' | 'interrupted'
  failureCode: string | null
  message: string | null
  /** Null where the provider counted nothing. */
  inputTokens: number | null
  outputTokens: number | null
  cachedInputTokens: number | null
  cacheWriteTokens: number | null
  reasoningTokens: number | null
  /** True where the provider counted nothing, and we did. */
  usageEstimated: boolean
  serviceTier: string | null
  /** Micro-dollars; null where no price is known, or nothing was used. */
  costMicros: number | null
  costSource: 'provider' | 'override' | 'genai-prices' | 'none' | 'estimate' | null
  priceVersion: string | null
  unitPrices: (UnitPrices & { multiplier: number }) | null
  finishReason: string | null
  requestId: string | null
  responseId: string | null
  ttftMs: number | null
  latencyMs: number | null
  /** The answer; of a failed attempt the text that did not fit, where there was one. Null where not asked for. */
  output: unknown
  /** ISO 8601. */
  startedAt: string
  /** ISO 8601; null while it is under way. */
  endedAt: string | null
}

// Whole numbers below 2^53, which pg reads from float8 but not from bigint.
const COLUMNS = `id::float8 as id, run_id as "runId", step, ask, attempt, trigger, workflow, provider, model, prompt,
  prompt_version as "promptVersion", outcome, failure_code as "failureCode", message, input_tokens as "inputTokens",
  output_tokens as "outputTokens", cached_input_tokens as "cachedInputTokens",
  cache_write_tokens as "cacheWriteTokens", reasoning_tokens as "reasoningTokens",
  usage_estimated as "usageEstimated", service_tier as "serviceTier", cost_micros::float8 as "costMicros",
  cost_source as "costSource", price_version as "priceVersion", unit_prices as "unitPrices",
  finish_reason as "finishReason", request_id as "requestId", response_id as "responseId", ttft_ms as "ttftMs",
  latency_ms as "latencyMs", started_at as "startedAt", ended_at as "endedAt"`

/** The attempts of all model calls of a run, in the order in which they began. */
export async function listCalls(
  pool: Pool,
  { tenant, runId }: { tenant: string; runId: string },
): Promise<CallAttempt[]> {
  const { rows } = await pool.query<CallAttempt>(
    `select ${COLUMNS}, output from ledger where run_id = $2 and tenant = $1 order by ledger.id`,
    [tenant, runId],
  )
  return rows
}

/** Which attempts to list. */
export interface CallFilter {
  tenant: string
  run?: string | undefined
  trigger?: string | undefined
  workflow?: string | undefined
  provider?: string | undefined
  model?: string | undefined
  prompt?: string | undefined
  outcome?: CallAttempt['outcome'] | undefined
  /** ISO 8601, inclusive. */
  from?: string | undefined
  /** ISO 8601, exclusive. */
  to?: string | undefined
  limit: number
  /** The cursor that the previous page ended with. */
  after?: string | undefined
  withOutput: boolean
}

/** A page of attempts, the youngest first. */
export interface CallPage {
  calls: CallAttempt[]
  /** Cursor of the next page; null after the last. */
  next: string | null
}

/** Attempts of model calls by their start, the youngest first. A cursor that cannot be read starts from the first page. */
export async function pageCalls(pool: Pool, filter: CallFilter): Promise<CallPage> {
  const { limit, withOutput, after = '' } = filter
  const { rows } = await pool.query<CallAttempt>(
    `select ${COLUMNS}, ${withOutput ? 'output' : 'null as output'} from ledger
      where tenant = $1 and ($2::text is null or run_id = $2) and ($3::text is null or trigger = $3)
        and ($4::text is null or workflow = $4) and ($5::text is null or provider = $5)
        and ($6::text is null or model = $6) and ($7::text is null or prompt = $7)
        and ($8::text is null or outcome = $8) and ($9::timestamptz is null or started_at >= $9)
        and ($10::timestamptz is null or started_at < $10) and ($11::bigint is null
             or (started_at, ledger.id) < (select started_at, id from ledger where id = $11 and tenant = $1))
      order by started_at desc, ledger.id desc limit $12`,
    [
      filter.tenant,
      filter.run,
      filter.trigger,
      filter.workflow,
      filter.provider,
      filter.model,
      filter.prompt,
      filter.outcome,
      filter.from,
      filter.to,
      /^\d{1,15}$/.test(after) ? after : null,
      limit + 1,
    ],
  )
  const calls = rows.slice(0, limit)
  const last = calls.at(-1)
  return { calls, next: rows.length > limit && last !== undefined ? String(last.id) : null }
}
