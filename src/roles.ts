import type { Command } from './cli/command.ts'
import { CommandError, EXIT } from './cli/exit.ts'
import { ConfigFault, readConfig, type Role } from './config.ts'
import { runRoles } from './run-roles.ts'
import { sourceSecrets } from './source-secrets.ts'
import { listenForStop } from './stop.ts'
import { createLog } from './telemetry/log.ts'
import { setUpTemporal } from './temporal/set-up.ts'
import { openTemporal } from './temporal/connection.ts'
import { migrate } from './store/migrate.ts'
import { openPool } from './store/pool.ts'
import type { Source, Trigger } from './triggers/define.ts'

/** What the users of this repository have written, and the environment in which it runs. */
export interface Setting {
  env: NodeJS.ProcessEnv
  sources: Source[]
  catalogue: Record<string, Trigger>
}

const noArguments = { options: {}, positionals: { least: 0, most: 0 }, usage: '' }

/** `onset serve` and `onset work`: one role of Onset as a process of its own. */
export const roleCommand = (role: Role, { env, sources, catalogue }: Setting): Command => ({
  ...noArguments,
  name: role,
  summary:
    role === 'serve'
      ? 'Take events and answer callers: webhooks and API'
      : 'Carry out runs: workflows, model calls and actions',
  async run() {
    const config = readConfigOrExplain(env, { roles: [role], sources })
    const log = createLog(config.LOG_LEVEL)
    const { requested } = listenForStop({ startedByNpm: env['npm_lifecycle_event'] !== undefined })
    await runRoles({
      roles: [role],
      config,
      env,
      sources,
      catalogue,
      log,
      stop: requested,
      onReady: (url) => log.info({ role, ...(url === null ? {} : { url }) }, 'ready'),
    })
    log.info({ role }, 'stopped')
    return EXIT.ok
  },
})

/** `onset setup`: brings database and Temporal up to date without starting anything. */
export const setUpCommand = ({ env, sources, catalogue }: Setting): Command => ({
  ...noArguments,
  name: 'setup',
  summary: 'Migrate the database; register search attributes and schedules in Temporal',
  usage: '[--json]',
  options: { json: { type: 'boolean', meaning: 'Answer in JSON' } },
  async run(input, { print }) {
    const config = readConfigOrExplain(env, { roles: [], sources })
    if (config.DATABASE_URL === '') throw failed('DATABASE_URL is missing.')
    const log = createLog('silent')
    const pool = openPool({ databaseUrl: config.DATABASE_URL, size: 2 })
    const temporal = openTemporal({ env, log })
    try {
      print.error(`Migrating the database, then setting up Temporal at ${temporal.address} …`)
      const migrations = await migrate(pool)
      const { client } = await withDeadline(temporal.connected(), temporal.address)
      const done = await setUpTemporal({ client, namespace: temporal.namespace }, catalogue)
      const report = { migrations, ...done }
      if (input.flag('json')) print.json(report)
      else
        for (const [name, items] of Object.entries(report))
          print.line(`${name}: ${items.join(', ') || 'none'}`)
      return EXIT.ok
    } catch (error) {
      throw error instanceof CommandError ? error : failed(String(error))
    } finally {
      await temporal.close()
      await pool.end()
    }
  },
})

/** The configuration for these roles; ends the command with all faults where it is not complete. */
export function readConfigOrExplain(
  env: NodeJS.ProcessEnv,
  { roles, sources }: { roles: readonly Role[]; sources: Source[] },
): ReturnType<typeof readConfig> {
  try {
    return readConfig(env, { roles, secrets: sourceSecrets(sources) })
  } catch (error) {
    throw error instanceof ConfigFault ? failed(error.message) : error
  }
}

const failed = (message: string): CommandError =>
  new CommandError(message, { exitCode: EXIT.failed })

const CONNECT_MS = 10_000

function withDeadline<Value>(work: Promise<Value>, address: string): Promise<Value> {
  return new Promise((resolve, reject) => {
    const late = failed(`Temporal at ${address} was not reached within ${CONNECT_MS / 1_000} s.`)
    const timer = setTimeout(reject, CONNECT_MS, late)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
