import type { Pool } from 'pg'
import type { ModelCall } from '../contracts/model-call.ts'

/** An answer that had the wrong form, and what was wrong with it. */
export interface Correction {
  code: 'LLM.InvalidOutput' | 'LLM.Truncated'
  /** What the model wrote; empty where nothing is left of it. */
  text: string
  message: string
}

const FIND = `
select failure_code as code, coalesce(output #>> '{}', '') as text, coalesce(message, '') as message
  from ledger
 where run_id = $1 and step = $2 and ask = $3 and failure_code in ('LLM.InvalidOutput', 'LLM.Truncated')
 order by attempt desc limit 1`

/** What was wrong with the answer to an ask, as the ledger has it; null where it has none. */
export async function findCorrection(
  pool: Pool,
  { runId, step, ask }: Pick<ModelCall, 'runId' | 'step' | 'ask'>,
): Promise<Correction | null> {
  const { rows } = await pool.query<Correction>(FIND, [runId, step, ask])
  return rows[0] ?? null
}
