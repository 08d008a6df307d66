import type { Pool } from 'pg'
import { makeBudgets } from './budget-rows.ts'
import type { BudgetKind, BudgetScope } from './budget-scopes.ts'

/** How much may be spent. Null limits nothing. */
export interface Limits {
  limitMicros: number | null
  limitTokens: number | null
  limitCalls: number | null
  /** From here on it is said that little is left; nothing is refused. */
  softMicros: number | null
}

/** Limits for every scope of a kind, or for those of one name. */
export type BudgetRule = Limits & {
  kind: BudgetKind
  /** Of a trigger, workflow or tenant; of a run its workflow; `*` for all that have no rule of their own. */
  name: string
  /** ISO 8601. */
  updatedAt: string
  updatedBy: string
}

/** The channel on which processes hear that limits have changed: runs that wait for a budget may have room. */
export const BUDGET_CHANNEL = 'budget_changed'

const LIMITS = ['limit_micros', 'limit_tokens', 'limit_calls', 'soft_micros'] as const

// Limits are read from the rules with each reservation: the change holds at once, for periods that are open, too.
const SET = `
with changed as (
  insert into budget_rules (kind, name, ${LIMITS.join(', ')}, updated_by) values ($1, $2, $3, $4, $5, $6, $7)
      on conflict (kind, name) do update set
         ${LIMITS.map((column) => `${column} = excluded.${column}`).join(', ')},
         updated_at = now(), updated_by = excluded.updated_by
)
select pg_notify('${BUDGET_CHANNEL}', '')`

/** Sets a rule, in the place of one of the same kind and name. Holds at once. */
export async function setBudgetRule(
  pool: Pool,
  { kind, name, updatedBy, ...limits }: Omit<BudgetRule, 'updatedAt'>,
): Promise<void> {
  await pool.query(SET, [kind, name, ...valuesOf(limits), updatedBy])
}

const REMOVE = `
with removed as (delete from budget_rules where kind = $1 and name = $2 returning kind)
select pg_notify('${BUDGET_CHANNEL}', '') from removed`

/** Removes a rule; false where there is none. What was spent is still counted. */
export async function removeBudgetRule(
  pool: Pool,
  { kind, name }: Pick<BudgetRule, 'kind' | 'name'>,
): Promise<boolean> {
  const { rowCount } = await pool.query(REMOVE, [kind, name])
  return rowCount === 1
}

/** All rules, by kind and name. */
export async function listBudgetRules(pool: Pool): Promise<BudgetRule[]> {
  const { rows } = await pool.query<BudgetRule>(
    `select kind, name, ${limitColumns('budget_rules')}, updated_at as "updatedAt", updated_by as "updatedBy"
       from budget_rules order by kind, name`,
  )
  return rows
}

const SET_SCOPE = `
with changed as (
  insert into budgets (scope, kind, name, ends_at, ${LIMITS.join(', ')}, updated_by, own_limits)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, true)
      on conflict (scope) do update set
         ${LIMITS.map((column) => `${column} = excluded.${column}`).join(', ')},
         own_limits = true, updated_by = excluded.updated_by
)
select pg_notify('${BUDGET_CHANNEL}', '')`

/** Gives one scope limits of its own, in the place of its rule's. Holds at once, and for what was spent already. */
export async function setScopeLimits(
  pool: Pool,
  { scope, limits, updatedBy }: { scope: BudgetScope; limits: Limits; updatedBy: string },
): Promise<void> {
  const { kind, name, endsAt } = scope
  await makeBudgets(pool, [scope], { ruledOnly: false })
  await pool.query(SET_SCOPE, [scope.scope, kind, name, endsAt, ...valuesOf(limits), updatedBy])
}

const REMOVE_SCOPE = `
with removed as (
  update budgets set own_limits = false, ${LIMITS.map((column) => `${column} = null`).join(', ')}, updated_by = null
   where scope = $1 and own_limits returning scope
)
select pg_notify('${BUDGET_CHANNEL}', '') from removed`

/** Leaves a scope to its rule again; false where it has no limits of its own. */
export async function removeScopeLimits(pool: Pool, scope: string): Promise<boolean> {
  const { rowCount } = await pool.query(REMOVE_SCOPE, [scope])
  return rowCount === 1
}

/** The limits in a table as `Limits`; whole numbers below 2^53, which pg reads from float8 but not from bigint. */
export const limitColumns = (table: string): string =>
  [
    `${table}.limit_micros::float8 as "limitMicros"`,
    `${table}.limit_tokens::float8 as "limitTokens"`,
    `${table}.limit_calls as "limitCalls"`,
    `${table}.soft_micros::float8 as "softMicros"`,
  ].join(', ')

const valuesOf = ({ limitMicros, limitTokens, limitCalls, softMicros }: Limits) => [
  limitMicros,
  limitTokens,
  limitCalls,
  softMicros,
]
