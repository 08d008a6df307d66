import { Client } from '@temporalio/client'
import type { DataConverter } from '@temporalio/common'
import { loadClientConnectConfig } from '@temporalio/envconfig'
import { NativeConnection } from '@temporalio/worker'
import type { Logger } from 'pino'

/** Temporal, whether or not it can be reached right now. */
export interface Temporal {
  namespace: string
  address: string
  /** What the client converts values with; workers have to take the same. */
  dataConverter: DataConverter
  /** The client, on a native connection; throws an error until Temporal was reached once. */
  client(): Client
  /** Resolves once Temporal was reached; rejects when the connection is closed before. */
  connected(): Promise<{ connection: NativeConnection; client: Client }>
  close(): Promise<void>
}

/** Temporal was not reached yet. What was to be done is done later. */
class TemporalUnavailable extends Error {
  override readonly name = 'TemporalUnavailable'
}

const RETRY_MS = 500

/**
 * Connects in the background, as often as it takes: a receiver of webhooks must start while Temporal is away. Takes
 * address, namespace, TLS and key from the environment and the profile files that Temporal's own tools read.
 */
export function openTemporal({
  env,
  dataConverter = {},
  log,
}: {
  env: NodeJS.ProcessEnv
  /** Needed by whoever reads what runs were handed, or hands them something. @default values as they are */
  dataConverter?: DataConverter
  log: Logger
}): Temporal {
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig({
    overrideEnvVars: definedOf(env),
  })
  const address = connectionOptions.address ?? '127.0.0.1:7233'
  const { apiKey, ...options } = connectionOptions
  const closing = new AbortController()
  let client: Client | undefined
  const connected = connect()
  // Whoever waits for it hears of it; nobody has to.
  connected.catch(() => undefined)

  return {
    namespace,
    address,
    dataConverter,
    client() {
      if (client === undefined)
        throw new TemporalUnavailable(`Temporal at ${address} was not reached yet.`)
      return client
    },
    connected: () => connected,
    async close() {
      closing.abort()
      const open = await connected.catch(() => undefined)
      // A worker that failed to start still holds it; it goes with the process.
      await open?.connection
        .close()
        .catch((error: unknown) =>
          log.warn({ err: error }, 'the connection to Temporal stays open'),
        )
    },
  }

  async function connect(): Promise<{ connection: NativeConnection; client: Client }> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const connection = await NativeConnection.connect({
          ...options,
          address,
          ...(typeof apiKey === 'string' ? { apiKey } : {}),
        })
        client = new Client({ connection, namespace, dataConverter })
        if (attempt > 1) log.info({ address }, 'Temporal is reached')
        return { connection, client }
      } catch (error) {
        if (attempt === 1) log.warn({ err: error, address }, 'Temporal is not reached yet')
      }
      closing.signal.throwIfAborted()
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      closing.signal.throwIfAborted()
    }
  }
}

const definedOf = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value ? [[name, value]] : [])))
