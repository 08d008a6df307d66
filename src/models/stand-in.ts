import type { PoolClient } from 'pg'

/** A value in the place of a model's answer. */
export interface StandIn {
  tenant: string
  runId: string
  step: string
  /** The ask that it answers. */
  ask: number
  prompt: string
  value: unknown
}

// It cost nothing, and the next look into the ledger finds it like any answer.
const INSERT = `
insert into ledger (tenant, run_id, step, ask, attempt, prompt, provider, model, prompt_version, outcome, finish_reason,
                    output, latency_ms, ended_at)
select $1, $2, $3, $4, coalesce(max(attempt), 0) + 1, $5, 'operator', 'operator', '', 'succeeded', 'stop', $6, 0, now()
  from ledger where run_id = $2 and step = $3`

/** Answers a call in place of the model, within the transaction of the decision. */
export async function writeStandIn(client: PoolClient, standIn: StandIn): Promise<void> {
  const { tenant, runId, step, ask, prompt, value } = standIn
  await client.query(INSERT, [tenant, runId, step, ask, prompt, JSON.stringify(value ?? null)])
}
