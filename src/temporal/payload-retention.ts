import { type Client, WorkflowNotFoundError } from '@temporalio/client'
import type { Logger } from 'pino'
import type { Pool } from 'pg'
import { createLoop, type Loop } from '../store/loop.ts'

const INTERVAL_MS = 60 * 60_000
const RUNS_PER_STATEMENT = 500

// What no trigger has started stays, as others may refer to it for longer: the input of a schedule, which its next run
// begins with, and what a child run has answered its parent.
const ENDED = `
select distinct payloads.run_id as "runId" from payloads join runs on runs.id = payloads.run_id
 where payloads.run_id > $1 and payloads.stored_at < now() - make_interval(days => $2)
   and runs.trigger <> '' and runs.ended_at < now() - make_interval(days => $2)
 order by payloads.run_id limit ${RUNS_PER_STATEMENT}`

// What was handed over again meanwhile belongs to a run that has begun under the same id.
const DELETE = `
delete from payloads where run_id = $1 and stored_at < now() - make_interval(days => $2)`

/** Ends the lives of large payloads. */
export interface PayloadRetainer {
  /** Walks once through the runs whose payloads may have been kept for long enough. */
  retain(signal?: AbortSignal): Promise<void>
  /** Walks every hour. */
  keepRetaining(): Loop
}

/**
 * Deletes the payloads of runs that ended `days` ago, each as soon as Temporal has forgotten its run: as long as there
 * is a history, somebody may reset or replay it.
 */
export function createPayloadRetainer({
  pool,
  client,
  days,
  log,
}: {
  pool: Pool
  client(): Client
  days: number
  log: Logger
}): PayloadRetainer {
  return {
    retain,
    keepRetaining: () =>
      createLoop({ name: 'payload retention', intervalMs: INTERVAL_MS, round: retain, log }),
  }

  async function retain(signal?: AbortSignal): Promise<void> {
    const temporal = client()
    let deleted = 0
    for (let after = ''; ;) {
      const { rows } = await pool.query<{ runId: string }>(ENDED, [after, days])
      for (const { runId } of rows) {
        if (signal?.aborted === true) return
        after = runId
        if (await knows(temporal, runId)) continue
        const { rowCount } = await pool.query(DELETE, [runId, days])
        deleted += rowCount ?? 0
      }
      if (rows.length < RUNS_PER_STATEMENT) break
    }
    if (deleted > 0) log.info({ deleted }, 'large payloads deleted')
  }
}

async function knows(temporal: Client, runId: string): Promise<boolean> {
  try {
    await temporal.workflow.getHandle(runId).describe()
    return true
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false
    throw error
  }
}
