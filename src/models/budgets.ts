import type { Pool } from 'pg'
import { retryDeadlock } from '../store/deadlock.ts'
import { makeBudgets } from './budget-rows.ts'
import { type BudgetScope, scopesOf, type Spender } from './budget-scopes.ts'
import { spendPredecessors } from './reservations.ts'

/** What an attempt of a call may cost, before it is made. */
export interface Reservation {
  /** `<run id>/<Temporal run id>/<activity id>/<attempt>`. */
  id: string
  call: Spender
  estimateMicros: number
  estimateTokens: number
  /** More than the call can take; then what nobody settled counts as spent. */
  lifeMs: number
  /** When the call is made: it belongs to the periods of this time. @default now */
  at?: Date
}

/** Whether there is room in every budget of the call. */
export type Reserved =
  | {
      outcome: 'granted'
      /** Scopes that this call takes above their soft limit, each said once. */
      softPassed: string[]
    }
  | ({ outcome: 'denied' } & Denial)

/** Which budget has no room, and when it has some again. */
export interface Denial {
  /** Of several that have no room the one whose period ends last. */
  scope: string
  /** All that have no room. */
  scopes: string[]
  exceeded: 'money' | 'tokens' | 'calls'
  /** In micro-dollars, tokens or calls, like the two that follow. */
  limit: number
  /** Spent, and reserved by calls under way. */
  used: number
  asked: number
  /** ISO 8601: the end of the period; null where only a raised limit helps. */
  resumesAt: string | null
}

/** The attempt was settled already: what it would spend is no longer counted. */
export class ReservationClosed extends Error {
  override readonly name = 'ReservationClosed'

  constructor(id: string) {
    super(`Expected an attempt that is not settled yet, received '${id}'.`)
  }
}

// One statement for all budgets of a call. Their rows are locked in the order of their names, or two reservations
// would wait for each other, and read after that, so that nobody else's change is missed. A rule whose row is missing
// refuses: the row is made and the statement repeated. The commit waits for no disk: whatever is written durably
// later, as the ledger's row of the call is, takes it along, so a crash forgets calls under way at most.
const RESERVE = `
with wanted as (
  select * from unnest($1::text[], $2::text[], $3::text[]) as wanted (scope, kind, name)
), ruled as (
  select distinct on (scope) wanted.scope, rule.limit_micros, rule.limit_tokens, rule.limit_calls, rule.soft_micros
    from wanted join budget_rules as rule on rule.kind = wanted.kind and rule.name in (wanted.name, '*')
   order by scope, rule.name = '*'
), locked as materialized (
  select * from budgets where scope = any ($1) order by scope for update
), limited as (
  select locked.scope, spent_micros + reserved_micros as used_micros, spent_tokens + reserved_tokens as used_tokens,
         calls, soft_passed_micros,
         case when own_limits then locked.limit_micros else ruled.limit_micros end as limit_micros,
         case when own_limits then locked.limit_tokens else ruled.limit_tokens end as limit_tokens,
         case when own_limits then locked.limit_calls else ruled.limit_calls end as limit_calls,
         case when own_limits then locked.soft_micros else ruled.soft_micros end as soft_micros
    from locked left join ruled using (scope)
), exceeded as (
  select scope, 'money' as what, limit_micros as most, used_micros as used, $5::bigint as asked
    from limited where used_micros + $5 > limit_micros
   union all
  select scope, 'tokens', limit_tokens, used_tokens, $6 from limited where used_tokens + $6 > limit_tokens
   union all
  select scope, 'calls', limit_calls, calls, 1 from limited where calls + 1 > limit_calls
), verdict as (
  select (select state from llm_reservations where id = $4) as known,
         exists (select from ruled where scope not in (select scope from locked)) as incomplete,
         (select json_agg(exceeded) from exceeded) as exceeded,
         set_config('synchronous_commit', 'off', true)
), granted as (
  select from verdict where known is null and not incomplete and exceeded is null
), taken as (
  update budgets set
         reserved_micros = reserved_micros + $5, reserved_tokens = reserved_tokens + $6, calls = budgets.calls + 1,
         soft_passed_micros = case when limited.used_micros + $5 >= limited.soft_micros then limited.soft_micros
                                   else budgets.soft_passed_micros end
    from limited
   where budgets.scope = limited.scope and exists (select from granted)
  returning budgets.scope, limited.used_micros + $5 >= limited.soft_micros
                       and limited.soft_passed_micros is distinct from limited.soft_micros as soft_passed
), kept as (
  insert into llm_reservations (id, scopes, estimate_micros, estimate_tokens, expires_at)
  select $4, array_agg(scope order by scope), $5, $6, clock_timestamp() + $7 * interval '1 millisecond'
    from taken having count(*) > 0
)
select known, incomplete, exceeded,
       coalesce((select array_agg(scope order by scope) from taken where soft_passed), '{}') as "softPassed"
  from verdict`

/**
 * Reserves what a call may cost in every budget that it draws on, or in none. Each attempt reserves for itself; what
 * an attempt before it left open counts as spent first. Reserving again under the same id changes nothing.
 */
export async function reserve(pool: Pool, reservation: Reservation): Promise<Reserved> {
  const { id, call, estimateMicros, estimateTokens, lifeMs, at = new Date() } = reservation
  const scopes = scopesOf(call, at)
  await spendPredecessors(pool, id)
  for (;;) {
    const row = await retryDeadlock(() => ask())
    if (row.known !== null && row.known !== 'open') {
      throw new ReservationClosed(id)
    }
    if (row.known === null && row.incomplete) {
      await makeBudgets(pool, scopes, { ruledOnly: true })
      continue
    }
    if (row.known === null && row.exceeded !== null) {
      return { outcome: 'denied', ...denialOf(row.exceeded, scopes) }
    }
    return { outcome: 'granted', softPassed: row.softPassed }
  }

  async function ask(): Promise<ReserveRow> {
    const { rows } = await pool.query<ReserveRow>({
      name: 'reserve-budgets',
      text: RESERVE,
      values: [
        scopes.map(({ scope }) => scope),
        scopes.map(({ kind }) => kind),
        scopes.map(({ name }) => name),
        id,
        estimateMicros,
        estimateTokens,
        lifeMs,
      ],
    })
    const [row] = rows
    if (row === undefined) throw new Error(`The budgets did not answer for ${id}.`)
    return row
  }
}

interface ReserveRow {
  known: 'open' | 'settled' | 'swept' | 'corrected' | null
  incomplete: boolean
  exceeded: Exceeded[] | null
  softPassed: string[]
}

interface Exceeded {
  scope: string
  what: Denial['exceeded']
  most: number
  used: number
  asked: number
}

function denialOf(exceeded: Exceeded[], scopes: BudgetScope[]): Denial {
  const [last] = exceeded
    .map((each) => ({ ...each, resumesAt: resumesAt(each, scopes) }))
    .toSorted((left, right) => timeOf(right.resumesAt) - timeOf(left.resumesAt))
  if (last === undefined) throw new Error('Expected a budget that has no room, received none.')
  const { scope, what, most: limit, used, asked, resumesAt: at } = last
  const all = [...new Set(exceeded.map((each) => each.scope))]
  return { scope, scopes: all, exceeded: what, limit, used, asked, resumesAt: at }
}

// What asks for more than a whole period allows has no room in the next one either.
function resumesAt({ scope, asked, most }: Exceeded, scopes: BudgetScope[]): string | null {
  if (asked > most) return null
  return scopes.find((each) => each.scope === scope)?.endsAt ?? null
}

const timeOf = (resumes: string | null): number =>
  resumes === null ? Infinity : Date.parse(resumes)
