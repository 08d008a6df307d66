import type { Logger } from 'pino'
import type { Pool } from 'pg'
import { retryDeadlock } from '../store/deadlock.ts'
import { createLoop, type Loop } from '../store/loop.ts'

// Always the reservation first and then its budgets in the order of their names, as whoever reserves takes them.
// What was swept has been counted as spent in full: only the difference is left to book.
const SETTLE = `
with found as materialized (
  select * from llm_reservations where id = $1 and state in ('open', 'swept') for update
), locked as materialized (
  select scope from budgets where scope in (select unnest(scopes) from found) order by scope for update
), moved as (
  update budgets set
         reserved_micros = reserved_micros - case when state = 'open' then estimate_micros else 0 end,
         reserved_tokens = reserved_tokens - case when state = 'open' then estimate_tokens else 0 end,
         spent_micros = spent_micros + $2 - case when state = 'swept' then estimate_micros else 0 end,
         spent_tokens = spent_tokens + $3 - case when state = 'swept' then estimate_tokens else 0 end,
         calls = calls - case when $2 = 0 and $3 = 0 then 1 else 0 end
    from found
   where budgets.scope = any (found.scopes) and (select count(*) from locked) > 0
)
update llm_reservations set
       state = case when found.state = 'open' then 'settled' else 'corrected' end,
       settled_micros = $2, settled_tokens = $3, settled_at = now()
  from found
 where llm_reservations.id = found.id and set_config('synchronous_commit', 'off', true) = 'off'`

/** What an attempt came to. Nothing at all where it was never sent. */
export interface Settlement {
  /** Of the reservation. */
  id: string
  micros: number
  tokens: number
}

/**
 * Settles a reservation by what the call cost, in full even above the estimate, and 0 where nothing was sent: then it
 * does not count as a call either. A second time changes nothing. False where there was nothing to settle.
 */
export async function settle(pool: Pool, { id, micros, tokens }: Settlement): Promise<boolean> {
  const query = { name: 'settle-reservation', text: SETTLE, values: [id, micros, tokens] }
  const { rowCount } = await retryDeadlock(() => pool.query(query))
  return rowCount === 1
}

/**
 * Goes on with a reservation that an earlier attempt has left: its answer is still to come. One that was swept in between
 * stays counted as spent, and its settlement books the difference. False where nothing is left to settle.
 */
export async function takeOver(
  pool: Pool,
  { id, lifeMs }: { id: string; lifeMs: number },
): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'take-over-reservation',
    text: `update llm_reservations set expires_at = clock_timestamp() + $2 * interval '1 millisecond'
            where id = $1 and state in ('open', 'swept')`,
    values: [id, lifeMs],
  })
  return rowCount === 1
}

// Whoever left these open has perhaps paid: never back to free. Summed up by scope first, as an update takes one row
// for each. The ledger's row of the attempt, where it knows no better, says what is counted.
const spend = (due: string): string => `
with due as materialized (
  select id, scopes, estimate_micros, estimate_tokens from llm_reservations where state = 'open' and ${due}
), sums as (
  select scope, sum(estimate_micros) as micros, sum(estimate_tokens) as tokens
    from due, unnest(scopes) as scope group by scope
), locked as materialized (
  select scope from budgets where scope in (select scope from sums) order by scope for update
), moved as (
  update budgets set
         reserved_micros = reserved_micros - sums.micros, spent_micros = spent_micros + sums.micros,
         reserved_tokens = reserved_tokens - sums.tokens, spent_tokens = spent_tokens + sums.tokens
    from sums
   where budgets.scope = sums.scope and (select count(*) from locked) > 0
), booked as (
  update ledger set cost_micros = due.estimate_micros, cost_source = 'estimate', usage_estimated = true
    from due
   where ledger.reservation_id = due.id and ledger.cost_micros is null and outcome in ('started', 'interrupted')
)
update llm_reservations set
       state = 'swept', settled_micros = due.estimate_micros, settled_tokens = due.estimate_tokens,
       settled_at = now()
  from due
 where llm_reservations.id = due.id`

// All attempts of an activity: their ids differ after the last slash, which 0 follows in the order of characters.
const SPEND_PREDECESSORS = spend(`id >= $1 || '/' and id < $1 || '0' and id <> $2 for update`)

/** Counts what earlier attempts of the same activity left open as spent: the one that begins reserves for itself. */
export async function spendPredecessors(pool: Pool, id: string): Promise<void> {
  const [, activity, attempt] = /^(.+)\/(\d+)$/s.exec(id) ?? []
  if (activity === undefined || attempt === '1') return
  const query = {
    name: 'spend-predecessors',
    text: SPEND_PREDECESSORS,
    values: [activity, id],
  }
  await retryDeadlock(() => pool.query(query))
}

const AT_ONCE = 100
const SWEEP = spend(
  `expires_at < clock_timestamp() order by expires_at limit ${AT_ONCE} for update skip locked`,
)

// A late settlement comes within hours, if at all.
const FORGET = `
delete from llm_reservations
 where id in (select id from llm_reservations
               where state <> 'open' and settled_at < now() - interval '7 days' limit 1000 for update skip locked)`

const INTERVAL_MS = 5_000

/** Counts reservations that nobody settled in their time as spent: their worker has died, perhaps after paying. */
export function createReservationSweeper({ pool, log }: { pool: Pool; log: Logger }): Loop {
  return createLoop({ name: 'reservations', intervalMs: INTERVAL_MS, round, log })

  async function round(signal: AbortSignal): Promise<void> {
    for (;;) {
      const { rowCount } = await retryDeadlock(() =>
        pool.query({ name: 'sweep-reservations', text: SWEEP }),
      )
      const swept = rowCount ?? 0
      if (swept > 0) log.warn({ swept }, 'reservations of calls that never ended count as spent')
      if (swept < AT_ONCE || signal.aborted) break
    }
    await pool.query({ name: 'forget-reservations', text: FORGET })
  }
}
