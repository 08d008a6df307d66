import type { Command, CommandInput } from '../cli/command.ts'
import { misuse } from '../cli/exit.ts'
import { promptsCommand } from '../cli/prompts.ts'
import { promptsFolder } from '../prompts-folder.ts'
import type { Setting } from './setting.ts'

const ports = {
  port: { type: 'string', meaning: 'Port of the webhooks and the API, instead of PORT' },
  'temporal-port': { type: 'string', meaning: 'Port of Temporal, instead of TEMPORAL_PORT' },
  'temporal-ui-port': { type: 'string', meaning: 'Port of its UI, instead of TEMPORAL_UI_PORT' },
  'postgres-port': { type: 'string', meaning: 'Port of Postgres, instead of POSTGRES_PORT' },
} as const

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
    options: ports,
    usage: '[--port <n>] [--temporal-port <n>] [--temporal-ui-port <n>] [--postgres-port <n>]',
    run: async (input, { print, user }) =>
      (await import('./dev.ts')).runDev(
        { ...setting, env: withPorts(setting.env, input) },
        { print, user },
      ),
  },
  {
    ...nothing,
    name: 'serve',
    summary: 'Take events and answer callers: webhooks and API',
    options: { port: ports.port },
    usage: '[--port <n>]',
    run: async (input) =>
      (await import('./role.ts')).runRole('serve', {
        ...setting,
        env: withPorts(setting.env, input),
      }),
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
  promptsCommand({
    folder: promptsFolder,
    readSources: async () =>
      (await import('../models/prompt-source.ts')).readSources(promptsFolder),
    writeTypes: async (print) => (await import('./prompts.ts')).generateTypes(print),
  }),
]

// `--temporal-port` says what the variable TEMPORAL_PORT says, and wins.
function withPorts(env: NodeJS.ProcessEnv, input: CommandInput): NodeJS.ProcessEnv {
  const given = Object.keys(ports).flatMap((flag) => {
    const value = input.text(flag)
    if (value === undefined) return []
    if (!/^[1-9]\d{0,4}$/.test(value))
      throw misuse(`Expected a port for --${flag}, received '${value}'.`)
    return [[flag.replaceAll('-', '_').toUpperCase(), value]]
  })
  return { ...env, ...Object.fromEntries(given) }
}
