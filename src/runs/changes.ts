import type { Failure } from '../contracts/failures.ts'
import type { NewRunEvent, RunStatus, Stop, WaitingFor } from '../contracts/run.ts'
import { storableText } from '../store/text.ts'

/** What a group of events changes in the list of runs: one row for each run, in the words of its columns. */
export interface Change {
  run_id: string
  /** Absent where the events say nothing about it. */
  status?: RunStatus
  waiting_for?: WaitingFor | null
  step?: string
  final: boolean
  result?: unknown
  failure?: Failure
  /** ISO 8601: when the last of the events happened. */
  at: string
}

/** Folds events, in their order, into what they change. Events that change nothing are left out. */
export function changesOf(events: NewRunEvent[]): Change[] {
  const changes = new Map<string, Change>()
  for (const event of events) {
    const change = changeOf(event)
    if (change === undefined) continue
    const { runId, at } = event
    const before = changes.get(runId)
    if (before?.final === true) continue
    changes.set(runId, { final: false, ...before, ...change, run_id: runId, at })
  }
  return [...changes.values()]
}

function changeOf(
  event: NewRunEvent,
): (Omit<Change, 'run_id' | 'at' | 'final'> & { final?: true }) | undefined {
  switch (event.type) {
    case 'run.started':
      return { status: 'running', waiting_for: null }
    case 'step.started':
      return { step: storableText(event.data.step) }
    case 'run.waiting':
      return { status: 'waiting', waiting_for: event.data.waitingFor }
    case 'run.resumed':
      return standingStill(event.data.waitingFor)
    case 'run.parked':
      return standingStill('operator')
    case 'run.completed':
      return {
        status: 'completed',
        waiting_for: null,
        final: true,
        result: event.data.output ?? null,
      }
    case 'run.failed':
      return { status: 'failed', waiting_for: null, final: true, failure: event.data.failure }
    case 'run.cancelled':
      return {
        status: 'cancelled',
        waiting_for: null,
        final: true,
        failure: { code: 'Run.Cancelled', message: event.data.reason },
      }
    case 'step.completed':
    case 'step.failed':
    case 'llm.started':
    case 'llm.delta':
    case 'llm.reset':
    case 'llm.completed':
      return undefined
    default:
      return event satisfies never
  }
}

function standingStill(stop: Stop | null): Pick<Change, 'status' | 'waiting_for'> {
  if (stop === null) return { status: 'running', waiting_for: null }
  return stop === 'operator'
    ? { status: 'parked', waiting_for: null }
    : { status: 'waiting', waiting_for: stop }
}
