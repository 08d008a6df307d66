import type { z } from 'zod'
import { moneySchemas } from '../api/money-schemas.ts'
import type { ApiClient } from './api-client.ts'
import type { Command, CommandContext, CommandInput } from './command.ts'
import { EXIT, misuse } from './exit.ts'
import { countOf, flags, openClient } from './flags.ts'
import { dollarsOf, queryOf, shown } from './llm-word.ts'
import type { Print } from './print.ts'
import { table } from './table.ts'

type Budgets = z.infer<typeof moneySchemas.Budgets>

// Of one limit; more than anybody means.
const MOST_TOKENS = 1e15
const MOST_CALLS = 2_147_483_647

/** `onset llm budgets`: what may be spent and what was; `set` and `remove` change it. */
export const budgets: Command = {
  name: 'llm budgets',
  positionals: { least: 0, most: 3 },
  usage:
    '[set <kind or scope> [name] --limit <dollars> | remove <kind or scope> [name]] [--kind <kind>] [--scope <scope>] [--url <url>] [--json]',
  summary: 'Show and set what may be spent',
  options: {
    kind: { type: 'string', meaning: 'run, trigger, workflow, tenant, day or month' },
    scope: { type: 'string', meaning: 'One budget, such as day:2026-11-21' },
    limit: { type: 'string', meaning: 'Dollars, such as 5.00' },
    tokens: { type: 'string', meaning: 'At most so many tokens' },
    calls: { type: 'string', meaning: 'At most so many calls' },
    soft: { type: 'string', meaning: 'Say once when so many dollars are spent' },
    by: { type: 'string', meaning: 'Who changes it; you by default' },
    ...flags,
  },
  async run(input, context) {
    const [verb, ...rest] = input.positionals
    const client = openClient(input, await context.server())
    const found = await carryOut(client, { verb, whose: targetOf(rest), input, context })
    const answer = moneySchemas.Budgets.parse(found)
    if (input.flag('json')) context.print.json(answer)
    else show(answer, context.print)
    return EXIT.ok
  },
}

type Target = { scope: string } | { kind: string; name: string } | null

interface Request {
  verb: string | undefined
  whose: Target
  input: CommandInput
  context: CommandContext
}

function carryOut(client: ApiClient, { verb, whose, input, context }: Request): Promise<unknown> {
  if (verb === undefined) {
    return client.get(`/api/budgets?${queryOf(input, ['kind', 'scope']).toString()}`)
  }
  if ((verb !== 'set' && verb !== 'remove') || whose === null) {
    throw misuse(`Usage: npx onset llm budgets ${budgets.usage}`)
  }
  if (verb === 'remove') {
    return client.delete(`/api/budgets?${new URLSearchParams(whose).toString()}`)
  }
  const body = {
    ...whose,
    limitMicros: dollarsOf(input, 'limit'),
    limitTokens: countOf(input, { name: 'tokens', most: MOST_TOKENS }),
    limitCalls: countOf(input, { name: 'calls', most: MOST_CALLS }),
    softMicros: dollarsOf(input, 'soft'),
    by: input.text('by') ?? context.user,
  }
  return client.put('/api/budgets', { body: JSON.stringify(body) })
}

function targetOf([of, name = '*']: string[]): Target {
  if (of === undefined) return null
  return of.includes(':') ? { scope: of } : { kind: of, name }
}

function show({ rules, budgets: present }: Budgets, print: Print): void {
  if (rules.length === 0 && present.length === 0) return print.error('Nothing is limited.')
  const ruleRows = rules.map(({ kind, name, updatedBy, ...limits }) => ({
    rule: `${kind} ${name}`,
    ...limitCells(limits),
    by: updatedBy,
  }))
  const rows = present.map((budget) => ({
    budget: budget.scope,
    spent: shown(budget.spentMicros),
    reserved: shown(budget.reservedMicros),
    ...limitCells(budget),
    'tokens used': String(budget.spentTokens + budget.reservedTokens),
    'calls made': String(budget.calls),
    until: budget.endsAt ?? '',
  }))
  for (const line of ruleRows.length === 0 ? [] : table(ruleRows)) print.line(line)
  if (ruleRows.length > 0 && rows.length > 0) print.line('')
  for (const line of rows.length === 0 ? [] : table(rows)) print.line(line)
}

const limitCells = (
  limits: Pick<
    Budgets['rules'][number],
    'limitMicros' | 'limitTokens' | 'limitCalls' | 'softMicros'
  >,
) => ({
  limit: shown(limits.limitMicros),
  soft: shown(limits.softMicros),
  tokens: String(limits.limitTokens ?? ''),
  calls: String(limits.limitCalls ?? ''),
})
