import type { Logger } from 'pino'
import type { Config } from './config.ts'
import type { Role } from './variables.ts'
import { type House, openHouse } from './house.ts'
import { serve } from './serve.ts'
import { installRuntime } from './telemetry/runtime.ts'
import type { Source, Trigger } from './triggers/define.ts'
import { work } from './work.ts'

interface RunOptions {
  roles: readonly Role[]
  config: Config
  env: NodeJS.ProcessEnv
  sources: Source[]
  catalogue: Record<string, Trigger>
  log: Logger
  /** Settles when the process is to end. */
  stop: Promise<void>
  /** Opens what is to live as long as the house. */
  alongside?(house: House): { close(): Promise<void> }
  /** Is told when all roles are up: the address of `serve`, or null where there is none. */
  onReady(url: string | null): void
  /** Is told when closing begins. */
  onStop?(): void
}

/**
 * Opens the roles in order, runs until `stop` settles or a part fails, and closes them in reverse: intake first, so
 * that what was accepted finds its workers still there.
 */
export async function runRoles(options: RunOptions): Promise<void> {
  const { roles, config, env, sources, catalogue, log, stop } = options
  installRuntime({ log, metricsAddress: config.TEMPORAL_METRICS_ADDRESS })
  const closes: (() => Promise<void>)[] = []
  try {
    const house = await openHouse({
      config,
      env,
      sources,
      catalogue,
      eager: roles.includes('work'),
      log,
    })
    closes.push(house.close)
    if (options.alongside !== undefined) closes.push(options.alongside(house).close)

    const failed: Promise<never>[] = []
    if (roles.includes('work')) {
      const worker = await Promise.race([work(house, { config, env, log }), stop])
      if (worker === undefined) return
      closes.push(worker.close)
      failed.push(worker.failed)
    }
    let url: string | null = null
    if (roles.includes('serve')) {
      const server = await serve(house, { config, sources, log })
      closes.push(server.close)
      url = server.url
    }
    options.onReady(url)
    await Promise.race([stop, ...failed])
  } finally {
    options.onStop?.()
    for (const close of closes.toReversed()) {
      // Whatever brought us here is the reason that counts.
      await close().catch((error: unknown) => log.error({ err: error }, 'closing failed'))
    }
  }
}
