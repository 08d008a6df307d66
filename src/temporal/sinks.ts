import { setTimeout as sleep } from 'node:timers/promises'
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
  const underWay = new Set<Promise<void>>()
  let writing: Promise<void> | undefined
  let draining = false

  return {
    sinks: {
      runs: {
        report: {
          fn({ workflowId }, event) {
            const work = report({ ...event, runId: workflowId }).finally(() =>
              underWay.delete(work),
            )
            underWay.add(work)
          },
          callDuringReplay: false,
        },
      },
    },
    async drain() {
      draining = true
      await Promise.all(underWay)
      await writing
    },
  }

  // At once, so that it stands before what the run's activities write next.
  async function report(event: NewRunEvent): Promise<void> {
    if (kept.length > 0) return keep(event)
    try {
      await runLog.append([event])
    } catch (error) {
      if (kept.length === 0) log.warn({ err: error }, 'reports of runs wait for Postgres')
      keep(event)
    }
  }

  function keep(event: NewRunEvent): void {
    if (kept.length < MOST_KEPT) kept.push(event)
    writing ??= writeKept().finally(() => (writing = undefined))
  }

  async function writeKept(): Promise<void> {
    for (let tries = 1; kept.length > 0; tries += 1) {
      await sleep(RETRY_MS)
      const batch = kept.slice(0, 200)
      try {
        await runLog.append(batch)
        kept.splice(0, batch.length)
      } catch {
        // Said once already; what is given up at the end is found again by the reconciler.
        if (draining && tries >= TRIES_AFTER_DRAIN) return
      }
    }
  }
}
