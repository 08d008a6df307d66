import { proxyActivities } from '@temporalio/workflow'
import type { Activities } from '../../activities/index.ts'
import type { FailureCode } from '../../contracts/failures.ts'
import { DEFAULT_PROFILE, llmTaskQueue } from '../../contracts/names.ts'

// What an activity was handed and is gone does not come back by trying again.
const nonRetryableErrorTypes: FailureCode[] = ['Run.PayloadGone']

/** Bookkeeping in Postgres: quick, and repeated until Postgres is back, however long that takes. */
export const { openWait, closeWait, recentRuns } = proxyActivities<Activities>({
  startToCloseTimeout: '15 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds', nonRetryableErrorTypes },
})

/** Effects on the outside world: a receiver may be away for a while, but not for ever. */
export const { writeLog, postHttp } = proxyActivities<Activities>({
  startToCloseTimeout: '1 minute',
  retry: {
    initialInterval: '2 seconds',
    maximumInterval: '1 minute',
    maximumAttempts: 20,
    nonRetryableErrorTypes,
  },
})

/**
 * How model calls are made. An outage of ten minutes is survived: pauses double up to a minute, 20 attempts take a
 * quarter of an hour. The activity counts them itself, as attempts that a limit put off are none. One attempt may take
 * ten minutes, since long answers do; a worker that died is noticed by its missing heartbeat.
 */
export const modelCallOptions = {
  taskQueue: llmTaskQueue(DEFAULT_PROFILE),
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '15 seconds',
  // A cancelled call ends in the ledger before its run ends: what it cost is known.
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry: {
    initialInterval: '2 seconds',
    backoffCoefficient: 2,
    maximumInterval: '1 minute',
    maximumAttempts: 1_000,
    nonRetryableErrorTypes,
  },
} as const
