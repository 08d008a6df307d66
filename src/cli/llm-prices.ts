import type { z } from 'zod'
import { moneySchemas } from '../api/money-schemas.ts'
import type { ApiClient } from './api-client.ts'
import type { Command, CommandContext, CommandInput } from './command.ts'
import { EXIT, misuse } from './exit.ts'
import { flags, openClient } from './flags.ts'
import { dollarsOf, instantOf, shown } from './llm-word.ts'
import type { Print } from './print.ts'
import { table } from './table.ts'

type Prices = z.infer<typeof moneySchemas.Prices>

/** `onset llm prices`: what a model costs, and the overrides; `set` and `remove` change these. */
export const prices: Command = {
  name: 'llm prices',
  positionals: { least: 0, most: 2 },
  usage:
    '[model | set <model> --input <dollars> --output <dollars> | remove <model>] [--provider <name>] [--url <url>] [--json]',
  summary: 'Show prices per million tokens and set your own',
  options: {
    provider: { type: 'string', meaning: 'Whose model; openai by default' },
    input: { type: 'string', meaning: 'Dollars per million tokens, such as 0.75' },
    cached: { type: 'string', meaning: 'The same for cached input; as input by default' },
    'cache-write': {
      type: 'string',
      meaning: 'The same for input that is cached; as input by default',
    },
    output: { type: 'string', meaning: 'The same for output' },
    reasoning: { type: 'string', meaning: 'The same for reasoning; as output by default' },
    tiers: { type: 'string', meaning: 'Multipliers of service tiers: flex=0.5,priority=2' },
    from: { type: 'string', meaning: 'Holds from this day or instant on, in UTC' },
    by: { type: 'string', meaning: 'Who changes it; you by default' },
    ...flags,
  },
  async run(input, context) {
    const client = openClient(input, await context.server())
    const found = moneySchemas.Prices.parse(await carryOut(client, { input, context }))
    if (input.flag('json')) context.print.json(found)
    else show(found, context.print)
    return EXIT.ok
  },
}

function carryOut(
  client: ApiClient,
  { input, context }: { input: CommandInput; context: CommandContext },
): Promise<unknown> {
  const [verb, model] = input.positionals
  const provider = input.text('provider')
  if (verb !== 'set' && verb !== 'remove') {
    if (model !== undefined) throw misuse(`Usage: npx onset llm prices ${prices.usage}`)
    const asked = { ...(provider && { provider }), ...(verb && { model: verb }) }
    return client.get(`/api/prices?${new URLSearchParams(asked).toString()}`)
  }
  if (model === undefined) throw misuse(`Name the model whose price to ${verb}.`)
  const whose = { provider: provider ?? 'openai', model }
  if (verb === 'remove')
    return client.delete(`/api/prices?${new URLSearchParams(whose).toString()}`)
  const body = {
    ...whose,
    validFrom: instantOf(input, 'from'),
    inputMicros: dollarsOf(input, 'input'),
    outputMicros: dollarsOf(input, 'output'),
    cachedInputMicros: dollarsOf(input, 'cached'),
    cacheWriteMicros: dollarsOf(input, 'cache-write'),
    reasoningMicros: dollarsOf(input, 'reasoning'),
    multipliers: multipliersOf(input.text('tiers')),
    by: input.text('by') ?? context.user,
  }
  return client.put('/api/prices', { body: JSON.stringify(body) })
}

function multipliersOf(text: string | undefined): Record<string, number> | undefined {
  if (text === undefined) return undefined
  const entries = text.split(',').map((entry) => {
    const [, tier = '', multiplier = ''] = /^([^=]+)=(\d+(?:\.\d+)?)$/.exec(entry) ?? []
    if (tier === '') throw misuse(`Expected flex=0.5,priority=2 as --tiers, received '${text}'.`)
    return [tier, Number(multiplier)]
  })
  return Object.fromEntries(entries)
}

function show({ price, overrides }: Prices, print: Print): void {
  if (price !== null && price.unitPrices === null) {
    print.error('No price is known: budgets are charged the dearest model of the provider.')
  }
  if (price !== null && price.unitPrices !== null) {
    const { input, cachedInput, cacheWrite, output, reasoning } = price.unitPrices
    const units = { input, cached: cachedInput, 'cache write': cacheWrite, output, reasoning }
    print.line(`dollars per million tokens, by ${price.priceVersion ?? price.source}`)
    for (const [name, micros] of Object.entries(units)) {
      print.line(`  ${name.padEnd(12)}${shown(micros)}`)
    }
  }
  const rows = overrides.map((each) => ({
    override: `${each.provider} ${each.model}`,
    from: each.validFrom ?? '',
    input: shown(each.inputMicros),
    cached: shown(each.cachedInputMicros),
    'cache write': shown(each.cacheWriteMicros),
    output: shown(each.outputMicros),
    reasoning: shown(each.reasoningMicros),
    tiers: Object.entries(each.multipliers)
      .map(([tier, multiplier]) => `${tier}=${multiplier}`)
      .join(','),
    by: each.updatedBy,
  }))
  if (price !== null && rows.length > 0) print.line('')
  for (const line of rows.length === 0 ? [] : table(rows)) print.line(line)
}
