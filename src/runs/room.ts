import type { Pool } from 'pg'
import { z } from 'zod'

/** A run that waits for room in a budget. */
export interface BudgetWait {
  id: string
  /** The scope of the budget. */
  subject: string
  /** What its call may need. */
  asked: { micros: number; tokens: number }
}

// Runs that come back in one moment would only queue up again.
const SPREAD_MS = 20

/** The runs that wait for budgets, the oldest first. */
export async function listBudgetWaits(
  pool: Pool,
  { limit }: { limit: number },
): Promise<BudgetWait[]> {
  const { rows } = await pool.query<{ id: string; subject: string; details: unknown }>(
    `select id, subject, details from waits where kind = 'budget' and resolved_at is null
      order by opened_at, id limit $1`,
    [limit],
  )
  return rows.map(({ details, ...wait }) => ({ ...wait, asked: Details.parse(details).asked }))
}

const Details = z.object({ asked: z.object({ micros: z.number(), tokens: z.number() }) })

/** Lets runs go on that wait for budgets, 20 ms apart. Answers how many. They ask again, and may wait again. */
export async function resumeBudgetWaits(pool: Pool, ids: string[]): Promise<number> {
  if (ids.length === 0) return 0
  const { rowCount } = await pool.query(
    `update waits set resolved_at = now(), resolved_by = 'budget',
            wake_after = now() + array_position($1::text[], id) * interval '${SPREAD_MS} milliseconds'
      where id = any ($1) and resolved_at is null`,
    [ids],
  )
  return rowCount ?? 0
}

/**
 * Lets runs go on that wait for a provider, the oldest first. `after` says how many milliseconds the run at an index
 * waits: all at once they would be a herd. Answers how many.
 */
export async function resumeProviderWaits(
  pool: Pool,
  {
    provider,
    most = 10_000,
    after,
  }: {
    provider: string
    most?: number
    after(place: { index: number; count: number }): number
  },
): Promise<number> {
  const { rows } = await pool.query<{ id: string }>(
    `select id from waits where kind = 'provider' and subject = $1 and resolved_at is null
      order by opened_at, id limit $2`,
    [provider, most],
  )
  const count = rows.length
  if (count === 0) return 0
  const { rowCount } = await pool.query(
    `update waits set resolved_at = now(), resolved_by = 'provider',
            wake_after = now() + chosen.after * interval '1 millisecond'
       from unnest($1::text[], $2::float8[]) as chosen (id, after)
      where waits.id = chosen.id and resolved_at is null`,
    [rows.map(({ id }) => id), rows.map((_, index) => after({ index, count }))],
  )
  return rowCount ?? 0
}
