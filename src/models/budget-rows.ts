import type { Pool } from 'pg'
import type { BudgetScope } from './budget-scopes.ts'

// What the scope has spent before anybody limited it counts: a rule that is set at noon means the whole day.
const MAKE = `
with wanted as (
  select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[])
             as wanted (scope, kind, name, starts_at, ends_at)
)
insert into budgets (scope, kind, name, ends_at, spent_micros, spent_tokens, calls)
select scope, kind, name, ends_at, sum(past.micros), sum(past.tokens), sum(past.calls)
  from wanted cross join lateral (
    select coalesce(sum(cost_micros), 0) as micros, coalesce(sum(input_tokens + output_tokens), 0) as tokens,
           count(input_tokens) as calls
      from ledger where wanted.kind = 'run' and run_id = substr(wanted.scope, 5)
    union all
    select coalesce(sum(cost_micros), 0), coalesce(sum(input_tokens + output_tokens), 0), count(input_tokens)
      from ledger
     where wanted.kind <> 'run' and started_at >= wanted.starts_at and started_at < wanted.ends_at
       and case wanted.kind when 'trigger' then trigger = wanted.name when 'workflow' then workflow = wanted.name
                            when 'tenant' then tenant = wanted.name else true end
  ) as past
 where not $6 or exists (select from budget_rules as rule
                          where rule.kind = wanted.kind and rule.name in (wanted.name, '*'))
 group by scope, kind, name, ends_at
 order by scope
    on conflict (scope) do nothing`

/** Makes the rows of scopes that have none, `ruledOnly` where a rule limits them, with what the ledger says of them. */
export async function makeBudgets(
  pool: Pool,
  scopes: BudgetScope[],
  { ruledOnly }: { ruledOnly: boolean },
): Promise<void> {
  await pool.query({
    name: 'make-budgets',
    text: MAKE,
    values: [
      scopes.map(({ scope }) => scope),
      scopes.map(({ kind }) => kind),
      scopes.map(({ name }) => name),
      scopes.map(({ startsAt }) => startsAt),
      scopes.map(({ endsAt }) => endsAt),
      ruledOnly,
    ],
  })
}
