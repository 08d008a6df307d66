import type { InjectedSinks } from '@temporalio/worker'
import type { Logger } from 'pino'
import type { NewRunEvent } from '../contracts/run.ts'
import type { RunLog } from '../runs/run-log.ts'
import type { RunSinks } from '../workflows/steps/run.ts'

/** Where workflows report to. */
export interface ReportSinks {
  sinks: InjectedSinks<RunSinks>
  /** Resolves when everything that was reported is in the log, or has been given up. */
  drain(): Promise<void>
}

// While Postgres is away reports are kept, up to this many. Ends that are lost are found again by the reconciler.
const MOST_KEPT = 10_000
const RETRY_MS = 500
const TRIES_AFTER_DRAIN = 4

/** Writes what workflows report into the run log, in order, outside of their histories. */
export function createReportSinks(runLog: RunLog, log: Logger): ReportSinks {
  const kept: NewRunEvent[] = []
  let writing: Promise<void> | undefined
  let draining = false

  return {
    sinks: {
      runs: {
        report: {
          fn({ workflowId }, report) {
            if (kept.length >= MOST_KEPT) return
            kept.push({ ...report, runId: workflowId })
            writing ??= write().finally(() => (writing = undefined))
          },
          callDuringReplay: false,
        },
      },
    },
    async drain() {
      draining = true
      await writing
    },
  }

  async function write(): Promise<void> {
    let tries = 0
    while (kept.length > 0) {
      const batch = kept.slice(0, 200)
      try {
        await runLog.append(batch)
        kept.splice(0, batch.length)
        tries = 0
      } catch (error) {
        tries += 1
        if (tries === 1) log.warn({ err: error }, 'reports of runs wait for Postgres')
        if (draining && tries >= TRIES_AFTER_DRAIN) return
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  }
}
