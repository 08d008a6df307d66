import type { Pool } from 'pg'

/** An effect that is to happen once. */
interface Effect {
  tenant: string
  runId: string
  step: string
  action: string
  input: unknown
}

/** The key under which an effect happens once; receivers get it as `Idempotency-Key`. */
export const idempotencyKey = ({ runId, step }: { runId: string; step: string }): string =>
  `${runId}/${step}`

/**
 * Carries out an effect unless its receipt is there already, then keeps the receipt. Answers the outcome of the first
 * time. A crash between effect and receipt repeats the effect under the same key.
 */
export async function once<Outcome>(
  pool: Pool,
  { tenant, runId, step, action, input }: Effect,
  carryOut: () => Promise<Outcome>,
): Promise<Outcome> {
  const key = idempotencyKey({ runId, step })
  const { rows } = await pool.query<{ outcome: Outcome }>(
    'select outcome from action_receipts where key = $1',
    [key],
  )
  if (rows[0] !== undefined) return rows[0].outcome
  const outcome = await carryOut()
  await pool.query(
    `insert into action_receipts (key, tenant, run_id, step, action, input, outcome)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (key) do nothing`,
    [key, tenant, runId, step, action, JSON.stringify(input), JSON.stringify(outcome ?? null)],
  )
  return outcome
}
