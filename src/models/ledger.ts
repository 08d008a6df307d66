import type { Pool } from 'pg'
import type { FailureCode } from '../contracts/failures.ts'
import type { ModelCall, ModelReply } from '../contracts/model-call.ts'
import type { Usage } from '../contracts/run.ts'
import { indexableText, storableText } from '../store/text.ts'
import type { Price } from './prices.ts'

/** What an attempt is about to do. */
export interface AttemptPlan {
  call: Pick<ModelCall, 'tenant' | 'runId' | 'step' | 'ask' | 'prompt'> &
    Partial<Pick<ModelCall, 'trigger' | 'workflow'>>
  provider: string
  model: string
  promptVersion: string
  /** What was reserved for it, or taken over: where nobody ends the attempt, its estimate becomes the cost. */
  reservationId?: string
}

/** Whether there is anything left to do. */
export type BegunAttempt =
  | {
      outcome: 'finished'
      reply: ModelReply
      attempt: number
      measured: Measured & { finishReason: string }
    }
  | {
      outcome: 'begun'
      id: string
      /** Counts all attempts of the step, over all of its asks. */
      attempt: number
      /** True where text of earlier attempts of the step may have been shown. */
      wroteBefore: boolean
      /** How many attempts of this ask with this model have failed, those excepted that the provider only put off. */
      failuresBefore: number
    }

/** What was counted and measured in an attempt; null where it is not known. */
interface Measured {
  usage: Usage | null
  /** Milliseconds to the first text. */
  ttftMs: number | null
  latencyMs: number
}

/** What an attempt cost, and what that is known by. */
interface Paid {
  /** Frozen in the ledger: later prices change nothing. */
  price?: Pick<Price, 'costMicros' | 'source' | 'priceVersion' | 'unitPrices'>
  /** What the provider itself said. */
  reportedCostMicros?: number | null
  /** Where the provider counted nothing, and we did. @default false */
  usageEstimated?: boolean
  serviceTier?: string | null
  /** The provider's own id of the reply. */
  responseId?: string | null
}

/** How an attempt ended. */
export type AttemptEnd = { id: string; requestId: string | null } & Measured &
  Paid &
  (
    | { outcome: 'succeeded'; model: string; finishReason: string; output: unknown }
    | { outcome: 'failed'; code: FailureCode; message: string; output?: string | undefined }
    | { outcome: 'interrupted'; message: string; output?: string | undefined }
  )

// A reservation that is taken over goes with its answer: what was estimated for it is no longer the earlier attempt's.
const BEGIN = `
  with done as (
    select * from ledger where run_id = $2 and step = $3 and ask = $4 and outcome = 'succeeded'
  ), given_up as (
    update ledger set outcome = case when outcome = 'started' then 'interrupted' else outcome end,
      ended_at = coalesce(ended_at, now()), message = coalesce(message, 'A later attempt began.'),
      reservation_id = nullif(reservation_id, $11),
      cost_micros = case when reservation_id = $11 then null else cost_micros end,
      cost_source = case when reservation_id = $11 then null else cost_source end,
      usage_estimated = usage_estimated and reservation_id is distinct from $11
    where run_id = $2 and step = $3 and ask = $4 and (outcome = 'started' or reservation_id = $11)
      and not exists (select from done)
  ), before as (
    select coalesce(max(attempt), 0) as attempts,
      coalesce(bool_or(ttft_ms is not null or outcome <> 'failed'), false) as wrote,
      count(*) filter (where ask = $4 and provider = $6 and model = $7 and outcome <> 'succeeded'
        and failure_code is distinct from 'LLM.RateLimited')::int as failures
    from ledger where run_id = $2 and step = $3
  ), begun as (
    insert into ledger
      (tenant, run_id, step, ask, attempt, prompt, provider, model, prompt_version, trigger, workflow, reservation_id)
    select $1, $2, $3, $4, attempts + 1, $5, $6, $7, $8, $9, $10, $11 from before
    where not exists (select from done)
    returning id, attempt
  )
  select begun.id, coalesce(begun.attempt, done.attempt) as attempt, before.wrote, before.failures,
    done.model, done.prompt_version, done.output, done.finish_reason, done.ttft_ms, done.latency_ms,
    done.input_tokens, done.output_tokens, done.cached_input_tokens, done.cache_write_tokens, done.reasoning_tokens
  from before left join begun on true left join done on true`

/**
 * Begins an attempt of a call, in one statement: a call that has succeeded comes back finished, with its reply. Else
 * attempts that never ended are marked `interrupted`, and a `started` row is there before anything is paid.
 */
export async function beginAttempt(
  pool: Pool,
  { call, provider, model, promptVersion, reservationId }: AttemptPlan,
): Promise<BegunAttempt> {
  const values = [call.tenant, call.runId, call.step, call.ask, call.prompt, provider, model]
  const { rows } = await pool.query<BeginRow>({
    name: 'begin-attempt',
    text: BEGIN,
    values: [
      ...values,
      promptVersion,
      call.trigger ?? null,
      call.workflow ?? null,
      reservationId ?? null,
    ],
  })
  const [row] = rows
  if (row === undefined) throw new Error(`The ledger did not begin ${call.runId}/${call.step}.`)
  const { attempt } = row
  if (row.id !== null) {
    const { id, wrote, failures } = row
    return { outcome: 'begun', id, attempt, wroteBefore: wrote, failuresBefore: failures }
  }
  return {
    outcome: 'finished',
    attempt,
    reply: toReply(row),
    measured: {
      finishReason: row.finish_reason,
      ttftMs: row.ttft_ms,
      latencyMs: row.latency_ms,
      usage: usageOf(row),
    },
  }
}

/** The answer to a call that has succeeded; null where none has. */
export async function findReply(
  pool: Pool,
  { runId, step, ask }: Pick<ModelCall, 'runId' | 'step' | 'ask'>,
): Promise<ModelReply | null> {
  const { rows } = await pool.query<StandingRow>({
    name: 'find-reply',
    text: `select model, prompt_version, output from ledger
            where run_id = $1 and step = $2 and ask = $3 and outcome = 'succeeded'`,
    values: [runId, step, ask],
  })
  return rows[0] === undefined ? null : toReply(rows[0])
}

const END = `
  with ended as (
    update ledger set
      outcome = case when $2 = 'succeeded' and exists (
        select from ledger as other where other.run_id = ledger.run_id and other.step = ledger.step
          and other.ask = ledger.ask and other.outcome = 'succeeded' and other.id <> ledger.id
      ) then 'interrupted' else $2 end,
      model = coalesce($3, model), finish_reason = $4, failure_code = $5, message = $6, output = $7,
      input_tokens = $8, output_tokens = $9, request_id = $10, ttft_ms = $11, latency_ms = $12,
      cached_input_tokens = $13, cache_write_tokens = $14, reasoning_tokens = $15,
      usage_estimated = $16 or (usage_estimated and $17::bigint is null),
      cost_micros = case when outcome = 'succeeded' then cost_micros else coalesce($17, cost_micros) end,
      cost_source = case when $17 is null and cost_micros is not null then cost_source else $18 end,
      price_version = $19, unit_prices = $20, reported_cost_micros = $21, service_tier = $22, response_id = $23,
      ended_at = now()
    where id = $1 and (outcome <> 'succeeded' or $2 = 'succeeded')
    returning id, run_id, step, ask
  )
  select stands.model, stands.prompt_version, stands.output
  from ended join ledger as stands using (run_id, step, ask)
  where $2 = 'succeeded' and stands.outcome = 'succeeded' and stands.id <> ended.id`

/**
 * Ends an attempt. Saying the same again changes nothing. Resolves with null, or, where another attempt of the call
 * succeeded first, with the reply that stands.
 */
export async function finishAttempt(pool: Pool, end: AttemptEnd): Promise<ModelReply | null> {
  const { id, outcome, usage, requestId } = end
  const { rows } = await pool.query<StandingRow>({
    name: 'finish-attempt',
    text: END,
    values: [
      id,
      outcome,
      'model' in end ? indexableText(end.model) : null,
      'finishReason' in end ? storableText(end.finishReason) : null,
      'code' in end ? end.code : null,
      'message' in end ? storableText(end.message) : null,
      'output' in end && end.output !== undefined ? JSON.stringify(end.output) : null,
      usage?.inputTokens ?? null,
      usage?.outputTokens ?? null,
      requestId,
      end.ttftMs === null ? null : Math.round(end.ttftMs),
      Math.round(end.latencyMs),
      usage?.cachedInputTokens ?? null,
      usage?.cacheWriteTokens ?? null,
      usage?.reasoningTokens ?? null,
      ...paidValues(end),
    ],
  })
  return rows[0] === undefined ? null : toReply(rows[0])
}

const paidValues = ({ price, ...paid }: Paid) => [
  paid.usageEstimated ?? false,
  price?.costMicros ?? null,
  price?.source ?? null,
  price?.priceVersion ?? null,
  price === undefined ? null : JSON.stringify(price.unitPrices),
  paid.reportedCostMicros ?? null,
  paid.serviceTier == null ? null : storableText(paid.serviceTier),
  paid.responseId == null ? null : storableText(paid.responseId),
]

interface StandingRow {
  model: string
  prompt_version: string
  output: unknown
}

const toReply = ({ output, model, prompt_version: promptVersion }: StandingRow): ModelReply => ({
  output,
  model,
  promptVersion,
})

interface Counts {
  input_tokens: number | null
  output_tokens: number | null
  cached_input_tokens: number | null
  cache_write_tokens: number | null
  reasoning_tokens: number | null
}

type BeginRow = StandingRow &
  Counts & {
    id: string | null
    attempt: number
    wrote: boolean
    failures: number
    finish_reason: string
    ttft_ms: number | null
    latency_ms: number
  }

function usageOf({ input_tokens, output_tokens, ...parts }: Counts): Usage | null {
  if (input_tokens === null || output_tokens === null) return null
  const { cached_input_tokens, cache_write_tokens, reasoning_tokens } = parts
  return {
    inputTokens: input_tokens,
    outputTokens: output_tokens,
    ...(cached_input_tokens !== null && { cachedInputTokens: cached_input_tokens }),
    ...(cache_write_tokens !== null && { cacheWriteTokens: cache_write_tokens }),
    ...(reasoning_tokens !== null && { reasoningTokens: reasoning_tokens }),
  }
}
