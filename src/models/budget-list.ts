import type { Pool } from 'pg'
import type { Limits } from './budget-rules.ts'
import type { BudgetKind } from './budget-scopes.ts'

/** A budget in its period: what may be spent, what was, and what calls under way have reserved. */
export type Budget = Limits & {
  scope: string
  kind: BudgetKind
  /** ISO 8601; null where no period ends it. */
  endsAt: string | null
  spentMicros: number
  reservedMicros: number
  spentTokens: number
  reservedTokens: number
  calls: number
  /** Whether the limits are its own, and no rule's. */
  ownLimits: boolean
}

// Whole numbers below 2^53, which pg reads from float8 but not from bigint.
const BUDGET = `
select scope, kind, ends_at as "endsAt", spent_micros::float8 as "spentMicros",
       reserved_micros::float8 as "reservedMicros", spent_tokens::float8 as "spentTokens",
       reserved_tokens::float8 as "reservedTokens", budgets.calls, own_limits as "ownLimits",
       limits.micros::float8 as "limitMicros", limits.tokens::float8 as "limitTokens",
       limits.calls as "limitCalls", limits.soft::float8 as "softMicros"
  from budgets cross join lateral (
    select limit_micros, limit_tokens, limit_calls, soft_micros where own_limits
     union all
    (select limit_micros, limit_tokens, limit_calls, soft_micros from budget_rules as rule
      where not own_limits and rule.kind = budgets.kind and rule.name in (budgets.name, '*')
      order by rule.name = '*')
     union all
    select null, null, null, null
     limit 1
  ) as limits (micros, tokens, calls, soft)`

/** The budgets whose period has not ended, by scope. Those of runs only where they are asked for. */
export async function listBudgets(
  pool: Pool,
  { kind, scope, limit }: { kind?: BudgetKind; scope?: string; limit: number },
): Promise<Budget[]> {
  const { rows } = await pool.query<Budget>(
    `${BUDGET}
     where (ends_at is null or ends_at > now()) and ($1::text is null or scope = $1)
       and case when $2::text is not null then kind = $2 else kind <> 'run' or scope = $1 end
     order by scope limit $3`,
    [scope ?? null, kind ?? null, limit],
  )
  return rows
}

/** What somebody wants to spend in one scope. */
export interface Wish {
  scope: string
  estimateMicros: number
  estimateTokens: number
}

/**
 * Those of the wishes, in their order, for which there would be room together: what waits for a budget may ask again.
 * Room is promised to nobody; only `reserve` grants it. A period that has ended leaves room in the next one.
 */
export async function wishesWithRoom<One extends Wish>(pool: Pool, wishes: One[]): Promise<One[]> {
  const { rows } = await pool.query<Budget>(
    `${BUDGET} where scope = any ($1) and (ends_at is null or ends_at > now())`,
    [wishes.map(({ scope }) => scope)],
  )
  const budgets = new Map(rows.map((row) => [row.scope, row]))
  return wishes.filter(({ scope, estimateMicros, estimateTokens }) => {
    const budget = budgets.get(scope)
    if (budget === undefined) return true
    const reservedMicros = budget.reservedMicros + estimateMicros
    const reservedTokens = budget.reservedTokens + estimateTokens
    const after = { ...budget, reservedMicros, reservedTokens, calls: budget.calls + 1 }
    if (!isWithin(after)) return false
    budgets.set(scope, after)
    return true
  })
}

function isWithin(budget: Budget): boolean {
  const { limitMicros, limitTokens, limitCalls } = budget
  return (
    budget.spentMicros + budget.reservedMicros <= (limitMicros ?? Infinity) &&
    budget.spentTokens + budget.reservedTokens <= (limitTokens ?? Infinity) &&
    budget.calls <= (limitCalls ?? Infinity)
  )
}
