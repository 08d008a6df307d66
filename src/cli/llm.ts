import type { Command } from './command.ts'
import { flags, openClient } from './flags.ts'
import { budgets } from './llm-budgets.ts'
import { call } from './llm-call.ts'
import { ledger } from './llm-ledger.ts'
import { showModels } from './llm-models.ts'
import { prices } from './llm-prices.ts'
import { spend } from './llm-spend.ts'

const models: Command = {
  name: 'llm models',
  usage: '[--url <url>] [--json]',
  summary: 'Show tiers, providers with their state, and limits',
  positionals: { least: 0, most: 0 },
  options: flags,
  async run(input, { server, print }) {
    return showModels(openClient(input, await server()), { json: input.flag('json'), print })
  },
}

const words = [budgets, call, ledger, models, prices, spend]

/** `onset llm`: one model call, what calls cost, and what they may cost. Each of its words is a command of its own. */
export const llm: Command = {
  name: 'llm',
  usage: `<${words.map(({ name }) => name.replace('llm ', '')).join('|')}>`,
  summary: 'Try a prompt; what model calls cost, and what they may cost',
  // Never enough: without a word there is nothing to do.
  positionals: { least: 1, most: 0 },
  options: {},
  words,
  run: () => Promise.reject(new Error('Expected a word of llm.')),
}
