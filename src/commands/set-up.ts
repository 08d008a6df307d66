import type { CommandInput } from '../cli/command.ts'
import { CommandError, EXIT } from '../cli/exit.ts'
import type { Print } from '../cli/print.ts'
import { messageOf } from '../contracts/message-of.ts'
import { migrate } from '../store/migrate.ts'
import { within } from '../store/deadline.ts'
import { openPool } from '../store/pool.ts'
import { createLog } from '../telemetry/log.ts'
import { openTemporal } from '../temporal/connection.ts'
import { createDataConverter } from '../temporal/payload-storage.ts'
import { schedulesOf } from '../temporal/schedules.ts'
import { setUpTemporal } from '../temporal/set-up.ts'
import { readConfigOrExplain, type Setting } from './setting.ts'

/** Brings database and Temporal up to date without starting anything. */
export async function setUp(
  { env, sources, catalogue }: Setting,
  { input, print }: { input: CommandInput; print: Print },
): Promise<number> {
  const config = readConfigOrExplain(env, { roles: [], sources })
  if (config.DATABASE_URL === '') throw failed('DATABASE_URL is missing.')
  const log = createLog('silent')
  const pool = openPool({ databaseUrl: config.DATABASE_URL, size: 2 })
  const temporal = openTemporal({ env, dataConverter: createDataConverter(pool), log })
  try {
    print.error(`Migrating the database, then setting up Temporal at ${temporal.address} …`)
    const migrations = await migrate(pool)
    const { client } = await within(
      CONNECT_MS,
      `Temporal at ${temporal.address}`,
      temporal.connected(),
    )
    const done = await setUpTemporal(
      { client, namespace: temporal.namespace },
      schedulesOf(catalogue),
    )
    const report = { migrations, ...done }
    if (input.flag('json')) print.json(report)
    else {
      for (const [name, items] of Object.entries(report)) {
        print.line(`${name}: ${items.join(', ') || 'none'}`)
      }
    }
    return EXIT.ok
  } catch (error) {
    throw error instanceof CommandError ? error : failed(messageOf(error))
  } finally {
    await temporal.close()
    await pool.end()
  }
}

const failed = (message: string): CommandError =>
  new CommandError(message, { exitCode: EXIT.failed })
const CONNECT_MS = 10_000
