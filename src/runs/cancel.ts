import { type Client, WorkflowNotFoundError } from '@temporalio/client'
import type { Logger } from 'pino'
import type { Pool } from 'pg'
import { isFinal, type Run } from '../contracts/run.ts'
import { within } from '../store/deadline.ts'
import { createListener, type Listener } from '../store/listener.ts'
import { findRun } from './run-list.ts'

/** What became of a cancellation. `unreachable`: Temporal is away, and the run goes on. */
export type Cancelled =
  | { outcome: 'cancelling' | 'run_finished' | 'unreachable'; run: Run }
  | { outcome: 'unknown' }

/** Asks Temporal to cancel a run, and tells the worker that makes a model call for it at once. */
export type CancelRun = (request: { tenant: string; runId: string }) => Promise<Cancelled>

const CHANNEL = 'run_cancellations'
const DEADLINE_MS = 3_000

/** Cancels runs. Temporal decides; the notification only saves the model call under way its last second. */
export function createCancelRun({
  pool,
  client,
  log,
}: {
  pool: Pool
  client(): Client
  log: Logger
}): CancelRun {
  return async ({ tenant, runId }) => {
    const run = await findRun(pool, { tenant, id: runId })
    if (run === null) return { outcome: 'unknown' }
    if (isFinal(run.status)) return { outcome: 'run_finished', run }
    try {
      const handle = client().workflow.getHandle(runId)
      await within(DEADLINE_MS, 'Temporal', handle.cancel())
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return { outcome: 'run_finished', run }
      log.warn({ err: error, runId }, 'the run cannot be cancelled')
      return { outcome: 'unreachable', run }
    }
    await pool.query('select pg_notify($1, $2)', [CHANNEL, runId])
    log.info({ runId, tenant }, 'run cancelled')
    return { outcome: 'cancelling', run }
  }
}

/** Hears of cancellations. */
export interface Cancellations extends Listener {
  /** Calls back when this run is cancelled through the API; answers how to stop that. */
  onCancel(runId: string, cancel: () => void): () => void
}

/** Listens for cancellations in this process. One that is lost comes a second later by the heartbeat. */
export function createCancellations({ pool, log }: { pool: Pool; log: Logger }): Cancellations {
  const watchers = new Map<string, Set<() => void>>()
  const listener = createListener({
    pool,
    log,
    channel: CHANNEL,
    onNotification(runId = '') {
      for (const cancel of watchers.get(runId) ?? []) cancel()
    },
  })
  return {
    ...listener,
    onCancel(runId, cancel) {
      const own = watchers.get(runId) ?? new Set()
      watchers.set(runId, own.add(cancel))
      return () => {
        own.delete(cancel)
        if (own.size === 0) watchers.delete(runId)
      }
    },
  }
}
