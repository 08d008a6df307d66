import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '@temporalio/client'
import { requireFreePort } from './ports.ts'
import type { Progress } from './progress.ts'
import { type Service, startService, type ServiceEnd } from './service.ts'
import { findTemporal } from './temporal-binary.ts'

/** What `startTemporal` needs. */
export interface TemporalOptions {
  /** A SQLite file that keeps everything between starts, or nothing kept. */
  store: { file: string } | 'memory'
  port: number
  /** Without it there is no web UI. */
  uiPort?: number
  /** Made beside `default` when missing. Default: `default` alone. */
  namespace?: string
  /** Name and type, registered in those namespaces. */
  searchAttributes: Record<string, string>
  progress: Progress
  /** PATH, HOME and what Go and proxies need. */
  env: NodeJS.ProcessEnv
  /** Gives the start up and stops what it has started. */
  signal?: AbortSignal
}

/** A Temporal dev server that answers. */
export interface RunningTemporal {
  address: string
  uiUrl: string | undefined
  /** Where its program was found, for people. */
  source: string
  pid: number
  ended: Promise<ServiceEnd>
  stop(): Promise<void>
}

const DYNAMIC_CONFIG = {
  'matching.enableFairness': true,
  // With one shard the default of 20 per second holds every task back by up to 44 ms.
  'history.transferProcessorMaxPollRPS': 2000,
  'history.timerProcessorMaxPollRPS': 2000,
  'history.visibilityProcessorMaxPollRPS': 2000,
  'system.enableActivityEagerExecution': true,
  'frontend.namespaceRPS.visibility': 200,
  'limit.maxIDLength': 255,
  // Two partitions on one machine only make tasks and pollers miss each other.
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
}
const READY_WITHIN_MS = 60_000
const MOST_ATTEMPTS = 3

/** Finds a Temporal CLI, starts its dev server and waits until it answers. */
export async function startTemporal(options: TemporalOptions): Promise<RunningTemporal> {
  const { port, uiPort, env, progress, signal, namespace = 'default' } = options
  return progress('Temporal', async (say) => {
    await requireFreePort({ port, purpose: 'Temporal', setting: 'TEMPORAL_PORT' })
    if (uiPort !== undefined) {
      const purpose = "Temporal's web UI"
      await requireFreePort({ port: uiPort, purpose, setting: 'TEMPORAL_UI_PORT' })
    }
    const { path, source } = await findTemporal({ env, say, ...(signal && { signal }) })
    say('starting')
    const address = `127.0.0.1:${port}`
    const service = await tryToStart(
      () => {
        signal?.throwIfAborted()
        return startService({ name: 'Temporal', command: path, args: serverArgs(options), env })
      },
      { address, namespace, signal },
    )
    const uiUrl = uiPort === undefined ? undefined : `http://localhost:${uiPort}`
    const { ended, pid = 0 } = service
    return { address, uiUrl, source, pid, ended, stop: () => service.stop() }
  })
}

/**
 * The server picks ports for its own parts and opens them later: another program may be faster, and then it ends with
 * "address already in use".
 */
async function tryToStart(
  start: () => Service,
  {
    address,
    namespace,
    signal,
  }: { address: string; namespace: string; signal: AbortSignal | undefined },
): Promise<Service> {
  for (let attempt = 1; ; attempt += 1) {
    const service = start()
    const givenUp = new AbortController()
    const either = AbortSignal.any([givenUp.signal, ...(signal ? [signal] : [])])
    const outcome = await Promise.race([service.ended, ready(address, namespace, either)])
    givenUp.abort()
    if (outcome === 'ready') return service
    await service.stop()
    signal?.throwIfAborted()
    if (outcome instanceof Error) throw outcome
    if (attempt === MOST_ATTEMPTS || !outcome.message.includes('address already in use')) {
      throw new Error(outcome.message)
    }
  }
}

function serverArgs(options: TemporalOptions): string[] {
  const { store, port, uiPort, namespace, searchAttributes } = options
  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--log-level', 'error']
  args.push('--port', String(port))
  args.push(...(uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort)]))
  if (namespace !== undefined) args.push('--namespace', namespace)
  if (store !== 'memory') {
    args.push('--db-filename', store.file)
    args.push('--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL')
  }
  for (const [name, value] of Object.entries(DYNAMIC_CONFIG)) {
    args.push('--dynamic-config-value', `${name}=${value}`)
  }
  for (const [name, type] of Object.entries(searchAttributes)) {
    args.push('--search-attribute', `${name}=${type}`)
  }
  return args
}

async function ready(
  address: string,
  namespace: string,
  signal: AbortSignal,
): Promise<'ready' | Error> {
  // gRPC's own pause between two attempts grows to seconds.
  const channelArgs = {
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 50,
  }
  const connection = Connection.lazy({ address, channelArgs })
  const deadline = Date.now() + READY_WITHIN_MS
  let last: unknown
  try {
    while (Date.now() < deadline && !signal.aborted) {
      try {
        await connection.withDeadline(Date.now() + 1000, () =>
          connection.workflowService.describeNamespace({ namespace }),
        )
        return 'ready'
      } catch (error) {
        last = error
        await sleep(50)
      }
    }
  } finally {
    await connection.close()
  }
  return new Error('Temporal was started but does not answer.', { cause: last })
}
