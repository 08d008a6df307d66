import { setTimeout as pause } from 'node:timers/promises'
import type { Pool, PoolClient } from 'pg'
import type { Logger } from 'pino'

/** Hears the notifications of a channel. */
export interface Listener {
  /** False while one could go unheard. */
  isListening(): boolean
  close(): Promise<void>
}

interface ListenerOptions {
  pool: Pool
  log: Logger
  channel: string
  onNotification(payload: string | undefined): void
  /** Whenever it begins to listen: what was told before is lost. */
  onListening?(): void
}

const RETRY_MS = 1_000

/** Listens on a connection of its own, and again whenever that is lost. */
export function createListener(options: ListenerOptions): Listener {
  const { pool, log, channel, onNotification, onListening } = options
  const closing = new AbortController()
  let listening = false
  const underWay = keepListening()

  return {
    isListening: () => listening,
    async close() {
      closing.abort()
      await underWay
    },
  }

  async function keepListening(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        await listen()
      } catch (error) {
        if (!closing.signal.aborted) log.warn({ err: error, channel }, 'listening failed')
      }
      listening = false
      await pause(RETRY_MS, undefined, { signal: closing.signal }).catch(() => undefined)
    }
  }

  /** Settles when the connection ends or is not wanted any more. */
  async function listen(): Promise<void> {
    const client = await pool.connect()
    try {
      const ended = untilEnd(client)
      client.on('notification', ({ payload }) => onNotification(payload))
      await client.query(`listen ${channel}`)
      listening = true
      onListening?.()
      await ended
    } finally {
      client.removeAllListeners('notification')
      client.release(true)
    }
  }

  async function untilEnd(client: PoolClient): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    client.on('error', reject)
    client.on('end', () => resolve())
    closing.signal.addEventListener('abort', () => resolve())
    if (closing.signal.aborted) resolve()
    // Rejected before anybody waits for it where the connection breaks at once.
    promise.catch(() => undefined)
    await promise
  }
}
