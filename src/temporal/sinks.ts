import { setTimeout as sleep } from 'node:timers/promises'
import type { InjectedSinks } from '@temporalio/worker'
import type { Logger } from 'pino'
import type { NewRunEvent } from '../contracts/run.ts'
import { isRefused } from '../store/group.ts'
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
const BATCH = 200
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
      if (isRefused(error)) return refuse(event, error)
      if (kept.length === 0) log.warn({ err: error }, 'reports of runs wait for Postgres')
      keep(event)
    }
  }

  // What Postgres cannot take now it cannot take later: nobody waits behind it.
  function refuse({ runId, key }: NewRunEvent, error: unknown): void {
    log.error({ err: error, runId, key }, 'a report of a run is lost')
  }

  function keep(event: NewRunEvent): void {
    if (kept.length < MOST_KEPT) kept.push(event)
    writing ??= writeKept().finally(() => (writing = undefined))
  }

  async function writeKept(): Promise<void> {
    for (let tries = 1; kept.length > 0;) {
      const batch = kept.slice(0, BATCH)
      const outcomes = await Promise.allSettled(batch.map((event) => runLog.append([event])))
      const away = outcomes.find(
        (outcome) => outcome.status === 'rejected' && !isRefused(outcome.reason),
      )
      if (away === undefined) {
        kept.splice(0, batch.length)
        outcomes.forEach((outcome, index) => {
          const event = batch[index]
          if (outcome.status === 'rejected' && event !== undefined) refuse(event, outcome.reason)
        })
        continue
      }
      // Said once already; what is given up at the end is found again by the reconciler.
      if (draining && tries >= TRIES_AFTER_DRAIN) return
      tries += 1
      await sleep(RETRY_MS)
    }
  }
}
