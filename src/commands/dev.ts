import { EXIT, misuse } from '../cli/exit.ts'
import type { Print } from '../cli/print.ts'
import type { House } from '../house.ts'
import { type PromptWatch, watchPrompts } from '../models/prompt-watch.ts'
import { readPrompts } from '../models/prompts.ts'
import { promptsFolder } from '../prompts-folder.ts'
import { writePromptTypes } from './prompts.ts'
import { readConfigOrExplain, type Setting } from './setting.ts'
import { runRoles } from '../run-roles.ts'
import { type MakeSecret, secretMakers } from '../source-secrets.ts'
import { listenForStop } from '../stop.ts'
import { createReadableLog } from '../telemetry/log.ts'

/** What `dev/start.ts` brings up around us. It stays outside of the build, so it is known by this shape only. */
export interface DevServices {
  /** The environment, complete with what was started and generated. */
  env: NodeJS.ProcessEnv
  /** Tells the person at the terminal, and other commands, where everything is. */
  announce(url: string): void
  /** Settles, with a message, when one of the services has ended by itself. */
  ended: Promise<string>
  stop(): Promise<void>
}

type StartDev = (options: {
  env: NodeJS.ProcessEnv
  secrets: Record<string, MakeSecret>
  cancel: Promise<void>
}) => Promise<DevServices | null>

/** Runs every part of Onset and what it stands on in one terminal, until Ctrl-C. */
export async function runDev(
  { env, sources, catalogue }: Setting,
  { print, user }: { print: Print; user: string },
): Promise<number> {
  const startDev = await loadStartDev()
  const { requested } = listenForStop({ startedByNpm: env['npm_lifecycle_event'] !== undefined })
  const services = await startDev({ env, secrets: secretMakers(sources), cancel: requested })
  if (services === null) return EXIT.ok
  let died: string | undefined
  let stopping = false
  const stop = Promise.race([requested, ended()])
  try {
    const config = readConfigOrExplain(services.env, { roles: ['serve', 'work'], sources })
    await runRoles({
      roles: ['serve', 'work'],
      config,
      env: services.env,
      sources,
      catalogue,
      log: createReadableLog(config.LOG_LEVEL),
      stop,
      alongside,
      onReady: (url) => services.announce(url ?? ''),
      onStop: () => print.error('Stopping …'),
    })
  } finally {
    stopping = true
    await services.stop()
  }
  print.error(died ?? 'Stopped.')
  return died === undefined ? EXIT.ok : EXIT.failed

  function alongside({ pool }: House): PromptWatch {
    return watchPrompts({
      pool,
      folder: promptsFolder,
      build: readPrompts(promptsFolder),
      by: user,
      tell: print.error,
      writeTypes(prompts) {
        if (writePromptTypes(prompts)) print.error('src/contracts/prompts.ts is written.')
      },
    })
  }

  async function ended(): Promise<void> {
    const message = await services?.ended
    if (!stopping) died = message
  }
}

async function loadStartDev(): Promise<StartDev> {
  const path = new URL('../../dev/start.ts', import.meta.url).href
  try {
    const { startDev }: { startDev: StartDev } = await import(path)
    return startDev
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND') {
      throw misuse(
        '`onset dev` works in a checkout of the repository only. Use `serve` and `work`.',
      )
    }
    throw cause
  }
}
