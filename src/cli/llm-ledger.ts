import type { z } from 'zod'
import { moneySchemas } from '../api/money-schemas.ts'
import type { Command } from './command.ts'
import { countOf, flags, openClient } from './flags.ts'
import { addPeriod, period, queryOf, shown } from './llm-word.ts'
import { printPage } from './pages.ts'

const FILTERS = ['run', 'trigger', 'workflow', 'provider', 'model', 'prompt', 'outcome', 'after']

/** `onset llm ledger`: attempts of model calls with what they cost. */
export const ledger: Command = {
  name: 'llm ledger',
  positionals: { least: 0, most: 0 },
  usage:
    '[--run <id>] [--trigger <name>] [--workflow <name>] [--model <name>] [--from <day>] [--to <day>] [--limit <n>] [--url <url>] [--json]',
  summary: 'List attempts of model calls with what they cost',
  options: {
    run: { type: 'string', meaning: 'Only calls of this run' },
    trigger: { type: 'string', meaning: 'Only calls of runs of this trigger' },
    workflow: { type: 'string', meaning: 'Only calls of runs of this workflow' },
    provider: { type: 'string', meaning: 'Only calls of this provider' },
    model: { type: 'string', meaning: 'Only calls of this model' },
    prompt: { type: 'string', meaning: 'Only calls with this prompt' },
    outcome: { type: 'string', meaning: 'started, succeeded, failed or interrupted' },
    ...period,
    output: { type: 'boolean', meaning: 'With --json: what the models answered, too' },
    limit: { type: 'string', meaning: 'At most so many; 50 by default' },
    after: { type: 'string', meaning: 'The next page, as the page before names it' },
    ...flags,
  },
  async run(input, { server, print }) {
    const query = queryOf(input, FILTERS)
    addPeriod(query, input)
    query.set('limit', String(countOf(input, { name: 'limit', most: 200 }) ?? 50))
    if (input.flag('output')) query.set('output', '1')
    const client = openClient(input, await server())
    const page = moneySchemas.CallPage.parse(await client.get(`/api/ledger?${query.toString()}`))

    return printPage(
      { items: page.calls, next: page.next },
      { input, print, rowOf, none: 'There are no such calls.' },
    )
  },
}

const rowOf = (call: z.output<typeof moneySchemas.CallPage>['calls'][number]) => ({
  started: call.startedAt,
  run: call.runId,
  step: `${call.step} ${call.ask}/${call.attempt}`,
  model: call.model,
  prompt: call.prompt,
  outcome: call.failureCode ?? call.outcome,
  tokens: call.inputTokens === null ? '' : `${call.inputTokens} + ${call.outputTokens ?? 0}`,
  cost: call.costMicros === null && call.inputTokens !== null ? '?' : shown(call.costMicros),
  took: call.latencyMs === null ? '' : `${call.latencyMs} ms`,
})
