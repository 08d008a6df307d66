import type { Logger } from 'pino'
import type { Pool } from 'pg'
import type { InboxEvent } from './events-table.ts'
import { type Catalogue, type Plan, planDispatches } from './plan.ts'
import { createSettle, type Settled } from './settle.ts'
import type { StartRun } from './start-run.ts'

/** Turns events into runs. */
export interface Dispatcher {
  /** Dispatches an event at once if there is room for it; otherwise leaves it to the sweeper. Never throws. */
  offer(event: InboxEvent): void
  /** Dispatches an event. Rejects when Temporal or Postgres cannot be reached; safe to repeat. */
  dispatch(event: InboxEvent): Promise<void>
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
}

// More would only queue up in the Temporal server; nothing waits in memory beyond these.
const AT_ONCE = 32
// After "Temporal unavailable" nothing is offered for this long: accepting must not pay for an outage.
const PAUSE_MS = 1_000

/** Dispatches events to the triggers of the catalogue. `wake` is told which waits an event has resolved. */
export function createDispatcher({
  pool,
  catalogue,
  startRun,
  wake,
  log,
}: {
  pool: Pool
  catalogue: Catalogue
  startRun: StartRun
  wake(waitIds: string[]): void
  log: Logger
}): Dispatcher {
  const settle = createSettle(pool)
  const underWay = new Set<Promise<void>>()
  let pausedUntil = 0

  return { offer, dispatch, idle }

  function offer(event: InboxEvent): void {
    if (underWay.size >= AT_ONCE || Date.now() < pausedUntil) return
    const work = dispatch(event)
      .catch((error: unknown) => {
        if (Date.now() >= pausedUntil) {
          log.warn({ err: error, eventId: event.id }, 'dispatch is left to the sweeper')
        }
        pausedUntil = Date.now() + PAUSE_MS
      })
      .finally(() => underWay.delete(work))
    underWay.add(work)
  }

  async function dispatch(event: InboxEvent): Promise<void> {
    const dispatches = await Promise.all(planDispatches(event, catalogue).map(carryOut))
    wake(await settle({ event, dispatches }))
    for (const settled of dispatches) {
      if (settled.state === 'started') continue
      const { trigger, reason, message } = settled
      log.warn({ eventId: event.id, trigger, reason, detail: message }, 'dispatch quarantined')
    }
  }

  async function carryOut(plan: Plan): Promise<Settled> {
    if (plan.outcome === 'quarantine') {
      const { trigger, reason, message } = plan
      return { state: 'quarantined', trigger, reason, message }
    }
    const start = await startRun(plan.run)
    if (start.outcome === 'started')
      return { state: 'started', trigger: plan.trigger, run: plan.run }
    return {
      state: 'quarantined',
      trigger: plan.trigger,
      reason: 'input_too_large',
      message: start.message,
    }
  }

  async function idle(): Promise<void> {
    await Promise.allSettled(underWay)
  }
}
