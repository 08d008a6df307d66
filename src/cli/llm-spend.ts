import { moneySchemas } from '../api/money-schemas.ts'
import type { Command } from './command.ts'
import { EXIT } from './exit.ts'
import { countOf, flags, openClient } from './flags.ts'
import { addPeriod, period, queryOf, shown } from './llm-word.ts'
import { table } from './table.ts'

/** `onset llm spend`: what model calls cost, summed up. */
export const spend: Command = {
  name: 'llm spend',
  positionals: { least: 0, most: 0 },
  usage: '[--by <what>] [--from <day>] [--to <day>] [--limit <n>] [--url <url>] [--json]',
  summary: 'Sum up what model calls cost',
  options: {
    by: {
      type: 'string',
      meaning: 'day, trigger, workflow, model, provider, prompt, promptVersion or run',
    },
    ...period,
    limit: { type: 'string', meaning: 'At most so many; 50 by default' },
    ...flags,
  },
  async run(input, { server, print }) {
    const query = queryOf(input, ['by'])
    addPeriod(query, input)
    query.set('limit', String(countOf(input, { name: 'limit', most: 200 }) ?? 50))
    const client = openClient(input, await server())
    const found = moneySchemas.Spend.parse(await client.get(`/api/spend?${query.toString()}`))

    if (input.flag('json')) {
      print.json(found)
      return EXIT.ok
    }
    if (found.cut) print.error('There are more; the total contains them.')
    const rows = [...found.rows, { key: 'total', ...found.total }].map((row) => ({
      [found.by]: row.key ?? '(not known)',
      cost: shown(row.costMicros),
      calls: String(row.calls),
      unpriced: row.unpricedCalls === 0 ? '' : String(row.unpricedCalls),
      estimated: row.estimatedMicros === 0 ? '' : shown(row.estimatedMicros),
      'input tokens': String(row.inputTokens),
      cached: row.cachedInputTokens === 0 ? '' : String(row.cachedInputTokens),
      'output tokens': String(row.outputTokens),
    }))
    for (const line of table(rows)) print.line(line)
    return EXIT.ok
  },
}
