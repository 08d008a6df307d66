import type { Command } from '../cli/command.ts'
import { misuse } from '../cli/exit.ts'
import type { Setting } from './setting.ts'

const nothing = { usage: '', options: {}, positionals: { least: 0, most: 0 } }

/**
 * The commands that are Onset itself, besides those that talk to a running one. What they stand on is loaded as they
 * run: it takes a second, which the others need not wait for.
 */
export const roleCommands = (setting: Setting): Command[] => [
  {
    ...nothing,
    name: 'dev',
    summary: 'Start everything on this machine: Postgres, Temporal with its UI, API and worker',
    run: async (_, { print }) => (await import('./dev.ts')).runDev(setting, print),
  },
  {
    ...nothing,
    name: 'serve',
    summary: 'Take events and answer callers: webhooks and API',
    run: async () => (await import('./role.ts')).runRole('serve', setting),
  },
  {
    ...nothing,
    name: 'work',
    summary: 'Carry out runs: workflows, model calls and actions',
    run: async () => (await import('./role.ts')).runRole('work', setting),
  },
  {
    ...nothing,
    name: 'setup',
    usage: '[--json]',
    summary: 'Migrate the database; register search attributes and schedules in Temporal',
    options: { json: { type: 'boolean', meaning: 'Answer in JSON' } },
    run: async (input, { print }) => (await import('./set-up.ts')).setUp(setting, { input, print }),
  },
  {
    name: 'prompts',
    usage: 'types',
    summary: 'Generate the types of the prompts in prompts/',
    options: {},
    positionals: { least: 1, most: 1 },
    async run({ positionals: [action] }, { print }) {
      if (action !== 'types') throw misuse(`Expected \`prompts types\`, received '${action}'.`)
      return (await import('./prompts.ts')).writePromptTypes(print)
    },
  },
]
