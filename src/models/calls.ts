import type { Pool } from 'pg'

/** One attempt of a model call, as people look at it. */
export interface CallAttempt {
  step: string
  ask: number
  /** Counts all attempts of the step, over all of its asks. */
  attempt: number
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
  finishReason: string | null
  requestId: string | null
  ttftMs: number | null
  latencyMs: number | null
  /** The answer; of a failed attempt the text that did not fit, where there was one. */
  output: unknown
  /** ISO 8601. */
  startedAt: string
  /** ISO 8601; null while it is under way. */
  endedAt: string | null
}

/** The attempts of all model calls of a run, in the order in which they began. */
export async function listCalls(
  pool: Pool,
  { tenant, runId }: { tenant: string; runId: string },
): Promise<CallAttempt[]> {
  const { rows } = await pool.query<CallAttempt>(
    `select step, ask, attempt, provider, model, prompt, prompt_version as "promptVersion", outcome,
       failure_code as "failureCode", message, input_tokens as "inputTokens", output_tokens as "outputTokens",
       finish_reason as "finishReason", request_id as "requestId", ttft_ms as "ttftMs", latency_ms as "latencyMs",
       output, started_at as "startedAt", ended_at as "endedAt"
     from ledger where run_id = $2 and tenant = $1 order by id`,
    [tenant, runId],
  )
  return rows
}
