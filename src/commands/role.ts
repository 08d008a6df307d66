import { EXIT } from '../cli/exit.ts'
import type { Role } from '../variables.ts'
import { runRoles } from '../run-roles.ts'
import { listenForStop } from '../stop.ts'
import { createLog } from '../telemetry/log.ts'
import { readConfigOrExplain, type Setting } from './setting.ts'

/** Runs one role of Onset as a process of its own, until it is asked to stop. */
export async function runRole(role: Role, { env, sources, catalogue }: Setting): Promise<number> {
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
}
