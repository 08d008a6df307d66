/** What budgets can be set for. */
export type BudgetKind = 'run' | 'trigger' | 'workflow' | 'tenant' | 'day' | 'month'

/** Whose money a call spends. */
export interface Spender {
  tenant: string
  runId: string
  workflow: string
  trigger: string
}

/** One budget that a call may draw on: a kind, a name and, but for runs, a period in UTC. */
export interface BudgetScope {
  /** Such as `trigger:newIssues:2026-11-21`. */
  scope: string
  kind: BudgetKind
  /** By which the rule is found: of a run its workflow; `*` for days and months. */
  name: string
  /** ISO 8601; null for runs. */
  startsAt: string | null
  endsAt: string | null
}

/** All scopes of a call that is made at this time. */
export function scopesOf({ tenant, runId, workflow, trigger }: Spender, at: Date): BudgetScope[] {
  const day = periodOf(at, 'day')
  const month = periodOf(at, 'month')
  const none = { startsAt: null, endsAt: null }
  return [
    { scope: `run:${runId}`, kind: 'run', name: workflow, ...none },
    { scope: `trigger:${trigger}:${day.name}`, kind: 'trigger', name: trigger, ...day.bounds },
    { scope: `workflow:${workflow}:${day.name}`, kind: 'workflow', name: workflow, ...day.bounds },
    { scope: `tenant:${tenant}:${day.name}`, kind: 'tenant', name: tenant, ...day.bounds },
    { scope: `day:${day.name}`, kind: 'day', name: '*', ...day.bounds },
    { scope: `month:${month.name}`, kind: 'month', name: '*', ...month.bounds },
  ]
}

/**
 * The scope that a name such as `trigger:newIssues:2026-11-21` stands for; null where it names none. A run's name is
 * its workflow, with which its id begins.
 */
export function parseScope(scope: string): BudgetScope | null {
  const [, kind, rest = ''] = /^(\w+):(.+)$/s.exec(scope) ?? []
  if (kind === 'run') {
    return { scope, kind, name: rest.split(':')[0] ?? '', startsAt: null, endsAt: null }
  }
  if (kind === 'day' || kind === 'month') return inPeriod({ scope, kind, name: '*' }, rest)
  if (kind !== 'trigger' && kind !== 'workflow' && kind !== 'tenant') return null
  const [, name, day = ''] = /^(.+):([^:]+)$/s.exec(rest) ?? []
  return name === undefined ? null : inPeriod({ scope, kind, name }, day)
}

function inPeriod(
  scope: Pick<BudgetScope, 'scope' | 'kind' | 'name'>,
  period: string,
): BudgetScope | null {
  const start = new Date(period)
  if (Number.isNaN(start.getTime())) return null
  const { name, bounds } = periodOf(start, scope.kind === 'month' ? 'month' : 'day')
  return name === period ? { ...scope, ...bounds } : null
}

function periodOf(at: Date, length: 'day' | 'month') {
  const year = at.getUTCFullYear()
  const month = at.getUTCMonth()
  const date = at.getUTCDate()
  const [start, end] =
    length === 'day'
      ? [Date.UTC(year, month, date), Date.UTC(year, month, date + 1)]
      : [Date.UTC(year, month), Date.UTC(year, month + 1)]
  const startsAt = new Date(start).toISOString()
  const bounds = { startsAt, endsAt: new Date(end).toISOString() }
  return { name: startsAt.slice(0, length === 'day' ? 10 : 7), bounds }
}
