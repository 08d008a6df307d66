import type { Client, WorkflowExecutionInfo } from '@temporalio/client'
import { WorkflowFailedError } from '@temporalio/client'
import type { Logger } from 'pino'
import type { Pool } from 'pg'
import type { Failure } from '../contracts/failures.ts'
import { DEFAULT_TENANT, type searchAttributes } from '../contracts/names.ts'
import { isFinal, type NewRunEvent, type RunStatus } from '../contracts/run.ts'
import { createLoop, type Loop } from '../store/loop.ts'
import { failureOf } from '../contracts/failure-of.ts'
import type { RunLog } from './run-log.ts'

const INTERVAL_MS = 15_000
const PAGE = 200
// Visibility lags behind: every look overlaps the one before.
const OVERLAP_MS = 60_000
// What closed longer ago than this before the first look was seen by an earlier process, or is gone from Temporal.
const FIRST_LOOK_MS = 24 * 60 * 60 * 1_000

/** Compares Temporal with the list of runs. */
export interface Reconciler {
  /** Looks once at what has closed since the last look. */
  reconcile(signal?: AbortSignal): Promise<void>
  /** Looks every 15 s. */
  keepReconciling(): Loop
}

/**
 * Has the last word on how runs ended: every 15 s it compares what closed in Temporal with the list of runs and mends
 * what reports from workers have missed or got wrong. Reports are quick; this is sure.
 */
export function createReconciler({
  pool,
  client,
  runLog,
  log,
}: {
  pool: Pool
  client(): Client
  runLog: RunLog
  log: Logger
}): Reconciler {
  let since = Date.now() - FIRST_LOOK_MS
  return {
    reconcile,
    keepReconciling: () =>
      createLoop({ name: 'reconciler', intervalMs: INTERVAL_MS, round: reconcile, log }),
  }

  async function reconcile(signal?: AbortSignal): Promise<void> {
    const began = Date.now()
    const temporal = client()
    // Open executions match any close time, and a run that continued as new goes on.
    const query = `CloseTime >= "${new Date(since).toISOString()}"
      AND ExecutionStatus NOT IN ("Running", "ContinuedAsNew")`
    let page: WorkflowExecutionInfo[] = []
    for await (const execution of temporal.workflow.list({ query, pageSize: PAGE })) {
      if (signal?.aborted === true) return
      page.push(execution)
      if (page.length < PAGE) continue
      await compare(temporal, page)
      page = []
    }
    await compare(temporal, page)
    await addMissing(temporal, signal)
    await mendWaiting()
    since = began - OVERLAP_MS
  }

  async function compare(temporal: Client, page: WorkflowExecutionInfo[]): Promise<void> {
    const { rows } = await pool.query<{ id: string; status: RunStatus }>(
      'select id, status from runs where id = any ($1)',
      [page.map(({ workflowId }) => workflowId)],
    )
    const known = new Map(rows.map(({ id, status }) => [id, status]))
    for (const execution of page) {
      const was = known.get(execution.workflowId)
      const status = statusOf(execution)
      if (status === undefined || status === was || !isOurs(execution)) continue
      await mend(temporal, execution, was)
    }
  }

  // Of a scheduled run nothing is known until it has reported its start, and that report can be lost.
  async function addMissing(temporal: Client, signal?: AbortSignal): Promise<void> {
    const query = `StartTime >= "${new Date(since).toISOString()}" AND ExecutionStatus = "Running"`
    for await (const execution of temporal.workflow.list({ query, pageSize: PAGE })) {
      if (signal?.aborted === true) return
      if (!isOurs(execution)) continue
      const { rows } = await pool.query('select 1 from runs where id = $1', [execution.workflowId])
      if (rows.length === 0) await runLog.append([startOf(execution)])
    }
  }

  async function mend(
    temporal: Client,
    execution: WorkflowExecutionInfo,
    was: RunStatus | undefined,
  ): Promise<void> {
    const runId = execution.workflowId
    // A run that was reset goes on under its id: only its latest execution counts.
    const latest = await temporal.workflow.getHandle(runId).describe()
    if (latest.runId !== execution.runId) return
    if (was !== undefined && isFinal(was)) await reopen(runId)
    const end = await endOf(temporal, execution)
    await runLog.append(was === undefined ? [startOf(execution), end] : [end])
    log.info({ runId, status: statusOf(execution), was: was ?? 'unknown' }, 'run reconciled')
  }

  // A worker reported an end that Temporal then did not take: the end that follows replaces it.
  async function reopen(runId: string): Promise<void> {
    await pool.query(
      `with gone as (delete from run_events where run_id = $1
                        and type in ('run.completed', 'run.failed', 'run.cancelled'))
       update runs set ended_at = null, result = null, failure = null, status_at = '-infinity' where id = $1`,
      [runId],
    )
  }

  // An open wait says that its run is waiting, and a run without one is not, whatever reports were lost. Reports that
  // are on their way get a few seconds.
  async function mendWaiting(): Promise<void> {
    await pool.query(
      `update runs set status = case waits.kind when 'operator' then 'parked' else 'waiting' end,
              waiting_for = nullif(waits.kind, 'operator')
         from waits where waits.run_id = runs.id and waits.resolved_at is null
          and runs.status = 'running' and waits.opened_at < now() - interval '5 seconds'`,
    )
    await pool.query(
      `update runs set status = 'running', waiting_for = null
        where status in ('waiting', 'parked') and status_at < now() - interval '5 seconds'
          and not exists (select from waits where waits.run_id = runs.id
                             and (waits.resolved_at is null or waits.wake_after is not null))`,
    )
  }
}

// Others may have workflows in the namespace, too.
const isOurs = (execution: WorkflowExecutionInfo): boolean =>
  attributeOf(execution, 'Trigger') !== undefined

function attributeOf(
  { typedSearchAttributes }: WorkflowExecutionInfo,
  name: keyof typeof searchAttributes,
): string | undefined {
  const value = typedSearchAttributes.getAll().find(({ key }) => key.name === name)?.value
  return typeof value === 'string' ? value : undefined
}

// Of a run whose every report was lost.
function startOf(execution: WorkflowExecutionInfo): NewRunEvent {
  const { workflowId: runId, type: workflow, startTime, memo } = execution
  const summary = memo?.['summary']
  return {
    runId,
    key: 'started',
    at: startTime.toISOString(),
    type: 'run.started',
    data: {
      tenant: attributeOf(execution, 'Tenant') ?? DEFAULT_TENANT,
      workflow,
      source: attributeOf(execution, 'Source') ?? '',
      trigger: attributeOf(execution, 'Trigger') ?? '',
      eventId: attributeOf(execution, 'EventId') ?? null,
      summary: typeof summary === 'string' ? summary : workflow,
    },
  }
}

const ends: Record<string, RunStatus> = {
  COMPLETED: 'completed',
  FAILED: 'failed',
  TIMED_OUT: 'failed',
  CANCELLED: 'cancelled',
  TERMINATED: 'cancelled',
}

/** How an execution ended; undefined while it goes on. */
const statusOf = ({ status }: WorkflowExecutionInfo): RunStatus | undefined => ends[status.name]

async function endOf(temporal: Client, execution: WorkflowExecutionInfo): Promise<NewRunEvent> {
  const { workflowId: runId, runId: temporalRunId } = execution
  const head = {
    runId,
    key: `ended/${temporalRunId}`,
    at: (execution.closeTime ?? new Date()).toISOString(),
  }
  const status = statusOf(execution)
  if (status === 'cancelled') {
    const terminated = execution.status.name === 'TERMINATED'
    const reason = terminated ? 'The run was terminated in Temporal.' : 'The run was cancelled.'
    return { ...head, type: 'run.cancelled', data: { reason, last: true } }
  }
  const handle = temporal.workflow.getHandle(runId, temporalRunId, { followRuns: false })
  try {
    return {
      ...head,
      type: 'run.completed',
      data: { output: (await handle.result()) ?? null, last: true },
    }
  } catch (error) {
    // It has ended, though nobody can say any more with what.
    if (status === 'completed' && failureOf(error).code === 'Run.PayloadGone') {
      return { ...head, type: 'run.completed', data: { output: null, last: true } }
    }
    if (!(error instanceof WorkflowFailedError)) throw error
    const failure: Failure = failureOf(error.cause)
    return { ...head, type: 'run.failed', data: { failure, last: true } }
  }
}
