import type { Logger } from 'pino'
import type { Pool } from 'pg'
import { z } from 'zod'
import { createListener, type Listener } from '../store/listener.ts'
import { NEWS_CHANNEL } from './event-table.ts'

/** Tells readers which runs have something new to read. */
export interface News {
  /** What this process has just written. */
  announce(runId: string): void
  /** Calls back whenever the run may have news; answers how to stop that. */
  watch(runId: string, onNews: () => void): () => void
  close(): Promise<void>
}

// A notification can be lost with its connection: everybody who reads looks once a second as well.
const LOOK_MS = 1_000

const RunIds = z.array(z.string())

/** News of this process at once, those of others by LISTEN on one connection that is held while anybody watches. */
export function createNews({ pool, log }: { pool: Pool; log: Logger }): News {
  const watchers = new Map<string, Set<() => void>>()
  let listener: Listener | undefined
  let look: NodeJS.Timeout | undefined

  return { announce, watch, close }

  function announce(runId: string): void {
    for (const onNews of watchers.get(runId) ?? []) onNews()
  }

  function announceAll(): void {
    for (const runId of watchers.keys()) announce(runId)
  }

  function watch(runId: string, onNews: () => void): () => void {
    const own = watchers.get(runId) ?? new Set()
    watchers.set(runId, own.add(onNews))
    listener ??= createListener({ pool, log, channel: NEWS_CHANNEL, onNotification: hear })
    look ??= setInterval(announceAll, LOOK_MS)
    return () => {
      own.delete(onNews)
      if (own.size === 0) watchers.delete(runId)
      if (watchers.size === 0) void rest()
    }
  }

  function hear(payload = '*'): void {
    if (payload === '*') return announceAll()
    for (const runId of RunIds.parse(JSON.parse(payload))) announce(runId)
  }

  async function rest(): Promise<void> {
    clearInterval(look)
    look = undefined
    const held = listener
    listener = undefined
    await held?.close()
  }

  async function close(): Promise<void> {
    watchers.clear()
    await rest()
  }
}
