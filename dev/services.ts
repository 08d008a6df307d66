import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { searchAttributes } from '../src/contracts/names.ts'
import { LockedError, takeLock } from './lock.ts'
import { startPostgres } from './postgres.ts'
import type { Progress } from './progress.ts'
import type { ServiceEnd } from './service.ts'
import { startBoth } from './start-both.ts'
import { startTemporal } from './temporal.ts'

/** What `startServices` needs. */
export interface ServicesOptions {
  /** The clone; everything is kept in `.onset` below it. */
  root: string
  temporalPort: number
  /** Temporal's web UI. */
  uiPort: number
  /** Default: the one of the last start, else any free one. */
  postgresPort?: number
  progress: Progress
  /** `DATABASE_URL` and `TEMPORAL_ADDRESS` name services that are there already and are not started. */
  env: NodeJS.ProcessEnv
  /** Gives the start up, stops what was started, and rejects. */
  signal?: AbortSignal
}

/** Postgres and Temporal, both ready. */
export interface Services {
  databaseUrl: string
  temporalAddress: string
  /** Undefined when Temporal was not started here. */
  temporalUiUrl: string | undefined
  /** Where the Temporal that runs was found, for people. */
  temporalSource: string
  /** Settles when one of them ends, whether by `stop()` or by itself. Pending for ever when none was started here. */
  ended: Promise<ServiceEnd>
  /** Stops what was started here. May be called twice. */
  stop(): Promise<void>
}

interface Part {
  ended: Promise<ServiceEnd> | undefined
  stop(): Promise<void>
}

// A service that was there before us is neither watched nor stopped.
const external = { ended: undefined, stop: async () => undefined }

/** Starts what is not there yet, side by side. When one start fails, the other is stopped. */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const folder = join(options.root, '.onset')
  mkdirSync(folder, { recursive: true })
  const lock = await takeLock(join(folder, 'dev.pid')).catch((error: unknown) => {
    if (!(error instanceof LockedError)) throw error
    const message = `Onset is running in this clone already (process ${error.pid}). Stop it first.`
    throw new Error(message, { cause: error })
  })
  try {
    const { postgres, temporal } = await startOrUse(options, folder)
    const parts: Part[] = [postgres, temporal]
    return {
      databaseUrl: postgres.url,
      temporalAddress: temporal.address,
      temporalUiUrl: temporal.uiUrl,
      temporalSource: temporal.source,
      ended: Promise.race(parts.flatMap(({ ended }) => ended ?? [])),
      async stop() {
        await Promise.all(parts.map((part) => part.stop()))
        lock.release()
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

function startOrUse(options: ServicesOptions, folder: string) {
  const { env, progress, postgresPort, temporalPort, uiPort } = options
  const { DATABASE_URL: url, TEMPORAL_ADDRESS: address } = env
  const starts = {
    async postgres(signal: AbortSignal) {
      if (url) return { ...external, url }
      const port = postgresPort === undefined ? {} : { port: postgresPort }
      return startPostgres({ folder: join(folder, 'postgres'), ...port, progress, signal })
    },
    async temporal(signal: AbortSignal) {
      if (address) return { ...external, address, uiUrl: undefined, source: 'TEMPORAL_ADDRESS' }
      const store = { file: join(folder, 'temporal.db') }
      const ports = { port: temporalPort, uiPort }
      return startTemporal({ store, ...ports, searchAttributes, progress, env, signal })
    },
  }
  return startBoth(starts, options.signal)
}
