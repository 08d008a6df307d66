import type { Pool } from 'pg'
import type { FailureCode } from '../contracts/failures.ts'
import type { ModelCall, ModelReply } from '../contracts/model-call.ts'
import type { Usage } from '../contracts/run.ts'
import { storableText } from '../store/text.ts'

/** What an attempt is about to do. */
export interface AttemptPlan {
  call: Omit<ModelCall, 'variables'>
  provider: string
  model: string
  promptVersion: string
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
      /** How often this call was answered in the wrong form. */
      invalidBefore: number
    }

/** What was counted and measured in an attempt; null where it is not known. */
interface Measured {
  usage: Usage | null
  /** Milliseconds to the first text. */
  ttftMs: number | null
  latencyMs: number
}

/** How an attempt ended. */
export type AttemptEnd = { id: string; requestId: string | null } & Measured &
  (
    | { outcome: 'succeeded'; model: string; finishReason: string; output: unknown }
    | { outcome: 'failed'; code: FailureCode; message: string; output?: string | undefined }
    | { outcome: 'interrupted'; message: string; output?: string | undefined }
  )

const BEGIN = `
  with done as (
    select attempt, model, prompt_version, output, finish_reason, ttft_ms, latency_ms, input_tokens, output_tokens
    from ledger where run_id = $2 and step = $3 and ask = $4 and outcome = 'succeeded'
  ), given_up as (
    update ledger set outcome = 'interrupted', ended_at = now(), message = 'A later attempt began.'
    where run_id = $2 and step = $3 and ask = $4 and outcome = 'started'
      and not exists (select from done)
  ), before as (
    select coalesce(max(attempt), 0) as attempts,
      coalesce(bool_or(ttft_ms is not null or outcome <> 'failed'), false) as wrote,
      count(*) filter (where ask = $4 and failure_code = 'LLM.InvalidOutput')::int as invalid
    from ledger where run_id = $2 and step = $3
  ), begun as (
    insert into ledger (tenant, run_id, step, ask, attempt, prompt, provider, model, prompt_version)
    select $1, $2, $3, $4, attempts + 1, $5, $6, $7, $8 from before
    where not exists (select from done)
    returning id, attempt
  )
  select begun.id, coalesce(begun.attempt, done.attempt) as attempt, before.wrote, before.invalid,
    done.model, done.prompt_version, done.output, done.finish_reason, done.ttft_ms, done.latency_ms,
    done.input_tokens, done.output_tokens
  from before left join begun on true left join done on true`

/**
 * Begins an attempt of a call, in one statement: a call that has succeeded comes back finished, with its reply. Else
 * attempts that never ended are marked `interrupted`, and a `started` row is there before anything is paid.
 */
export async function beginAttempt(
  pool: Pool,
  { call, provider, model, promptVersion }: AttemptPlan,
): Promise<BegunAttempt> {
  const values = [call.tenant, call.runId, call.step, call.ask, call.prompt, provider, model]
  const { rows } = await pool.query<BeginRow>({
    name: 'begin-attempt',
    text: BEGIN,
    values: [...values, promptVersion],
  })
  const [row] = rows
  if (row === undefined) throw new Error(`The ledger did not begin ${call.runId}/${call.step}.`)
  const { attempt } = row
  if (row.id !== null) {
    const { id, wrote, invalid } = row
    return { outcome: 'begun', id, attempt, wroteBefore: wrote, invalidBefore: invalid }
  }
  return {
    outcome: 'finished',
    attempt,
    reply: { output: row.output, model: row.model, promptVersion: row.prompt_version },
    measured: {
      finishReason: row.finish_reason,
      ttftMs: row.ttft_ms,
      latencyMs: row.latency_ms,
      usage: usageOf(row),
    },
  }
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
      'model' in end ? storableText(end.model) : null,
      'finishReason' in end ? storableText(end.finishReason) : null,
      'code' in end ? end.code : null,
      'message' in end ? storableText(end.message) : null,
      'output' in end && end.output !== undefined ? JSON.stringify(end.output) : null,
      usage?.inputTokens ?? null,
      usage?.outputTokens ?? null,
      requestId,
      end.ttftMs === null ? null : Math.round(end.ttftMs),
      Math.round(end.latencyMs),
    ],
  })
  const [row] = rows
  if (row === undefined) return null
  return { output: row.output, model: row.model, promptVersion: row.prompt_version }
}

interface StandingRow {
  model: string
  prompt_version: string
  output: unknown
}

interface Counts {
  input_tokens: number | null
  output_tokens: number | null
}

type BeginRow = StandingRow &
  Counts & {
    id: string | null
    attempt: number
    wrote: boolean
    invalid: number
    finish_reason: string
    ttft_ms: number | null
    latency_ms: number
  }

function usageOf({ input_tokens, output_tokens }: Counts): Usage | null {
  if (input_tokens === null || output_tokens === null) return null
  return { inputTokens: input_tokens, outputTokens: output_tokens }
}
