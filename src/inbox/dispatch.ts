import type { Logger } from 'pino'
import type { Pool } from 'pg'
import type { EventState, WaitingReason } from '../contracts/event.ts'
import type { InboxEvent } from './events-table.ts'
import { type Catalogue, type Plan, planDispatches } from './plan.ts'
import { createSettle, type Settled } from './settle.ts'
import { type StartRun, TemporalAway } from './start-run.ts'

/** Turns events into runs. */
export interface Dispatcher {
  /** Dispatches an event at once if there is room for it; otherwise leaves it to the sweeper. Never throws. */
  offer(event: InboxEvent): void
  /** Dispatches an event and answers what became of it. Rejects where that cannot be said yet; safe to repeat. */
  dispatch(event: InboxEvent): Promise<Settled[]>
  /** Starts the runs of an event and answers what became of each, without writing it down. Safe to repeat. */
  start(event: InboxEvent): Promise<Settled[]>
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
}

class RunNotStarted extends Error {
  override readonly name = 'RunNotStarted'
}

/** Why an event waits whose dispatch was rejected. */
export const waitingReasonOf = (error: unknown): WaitingReason =>
  error instanceof RunNotStarted && error.cause instanceof TemporalAway
    ? 'temporal_unavailable'
    : 'dispatch_failed'

// What one run alone cannot be started for says nothing about the next event.
const isItsOwn = (error: unknown): boolean =>
  error instanceof RunNotStarted && !(error.cause instanceof TemporalAway)

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
  isRush = () => false,
  onChanged = () => undefined,
  log,
}: {
  pool: Pool
  catalogue: Catalogue
  startRun: StartRun
  wake(waitIds: string[]): void
  /** Whether so many senders wait that nothing is dispatched at once. */
  isRush?: () => boolean
  /** Is told what so many events have come to, for metrics. */
  onChanged?: (state: EventState, count: number) => void
  log: Logger
}): Dispatcher {
  const settle = createSettle(pool)
  const underWay = new Set<Promise<unknown>>()
  let pausedUntil = 0

  return { offer, dispatch, start, idle }

  function offer(event: InboxEvent): void {
    if (underWay.size >= AT_ONCE || Date.now() < pausedUntil || isRush()) return
    const work: Promise<unknown> = dispatch(event)
      .catch((error: unknown) => {
        if (Date.now() >= pausedUntil) {
          log.warn({ err: error, eventId: event.id }, 'dispatch is left to the sweeper')
        }
        if (!isItsOwn(error)) pausedUntil = Date.now() + PAUSE_MS
      })
      .finally(() => underWay.delete(work))
    underWay.add(work)
  }

  async function dispatch(event: InboxEvent): Promise<Settled[]> {
    const dispatches = await start(event)
    wake(await settle({ event, dispatches }))
    onChanged('dispatched', 1)
    return dispatches
  }

  async function start(event: InboxEvent): Promise<Settled[]> {
    const dispatches = await Promise.all(planDispatches(event, catalogue).map(carryOut))
    for (const settled of dispatches) {
      if (settled.state === 'started') continue
      const { trigger, reason, message } = settled
      log.warn({ eventId: event.id, trigger, reason, detail: message }, 'dispatch quarantined')
    }
    return dispatches
  }

  async function carryOut(plan: Plan): Promise<Settled> {
    if (plan.outcome === 'quarantine') {
      const { trigger, reason, message } = plan
      return { state: 'quarantined', trigger, reason, message }
    }
    const { trigger, run } = plan
    await startRun(run).catch((cause: unknown) => {
      throw new RunNotStarted(`The run ${run.id} was not started.`, { cause })
    })
    return { state: 'started', trigger, run }
  }

  async function idle(): Promise<void> {
    await Promise.allSettled(underWay)
  }
}
