import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'
import { condition, defineSignal, setHandler, upsertSearchAttributes } from '@temporalio/workflow'
import { type Duration, durationMs } from '../../contracts/duration.ts'
import { WAKE_SIGNAL } from '../../contracts/names.ts'
import type { WaitingFor } from '../../contracts/run.ts'
import type { Resolution, Wake, WaitRequest } from '../../contracts/wait.ts'
import { closeWait, openWait } from './activities.ts'
import { report } from './run.ts'
import { describeStep } from './step.ts'

const WaitingForAttribute = defineSearchAttributeKey('WaitingFor', SearchAttributeType.KEYWORD)
const wake = defineSignal<[Wake]>(WAKE_SIGNAL)

const resolutions = new Map<string, Resolution>()
const open = new Map<string, WaitingFor>()

/** Takes wakes from the first task of a run on. The first for a step counts; a repeated one changes nothing. */
export function listenForWakes(): void {
  setHandler(
    wake,
    ({ step, resolution }) => {
      if (!resolutions.has(step)) resolutions.set(step, resolution)
    },
    {
      description: 'How a wait of this run ended. Sent by Onset; decide approvals through its API.',
    },
  )
}

/**
 * Stops the run until somebody resolves the wait or its time is up. The wait is a row first, so that whoever resolves
 * it may come early, late, or while no worker is up.
 */
export async function waitFor(
  request: WaitRequest,
  { title, timeout }: { title: string; timeout: Duration | undefined },
): Promise<Resolution> {
  const { step, kind: waitingFor, expiresAt } = request
  const opened = await openWait.executeWithOptions({ summary: `Waits: ${title}` }, [request])
  if (opened.resolution !== null) return opened.resolution

  open.set(step, waitingFor)
  upsertSearchAttributes([{ key: WaitingForAttribute, value: waitingFor }])
  describeStep(step, describe(request, opened.id))
  report(`${step}/waiting`, {
    type: 'run.waiting',
    data: {
      step,
      waitingFor,
      title,
      ...(waitingFor === 'approval' ? { approvalId: opened.id } : {}),
      ...(expiresAt === null ? {} : { expiresAt }),
    },
  })

  // What is true when the wait is cancelled, too.
  let outcome = 'cancelled'
  let ending = 'cancelled'
  try {
    const resolution = await resolved(request, { title, timeout })
    outcome = outcomeOf(resolution)
    ending = endingOf(resolution)
    return resolution
  } finally {
    open.delete(step)
    const next = [...open.values()].at(-1) ?? null
    upsertSearchAttributes([{ key: WaitingForAttribute, value: next }])
    describeStep(step, ending)
    report(`${step}/resumed`, { type: 'run.resumed', data: { step, outcome, waitingFor: next } })
  }
}

/** The ISO 8601 time after a duration; null for none. */
export const timeFromNow = (duration: Duration | undefined): string | null =>
  duration === undefined ? null : new Date(Date.now() + durationMs(duration)).toISOString()

async function resolved(
  { runId, step }: WaitRequest,
  { title, timeout }: { title: string; timeout: Duration | undefined },
): Promise<Resolution> {
  const told = (): boolean => resolutions.has(step)
  if (timeout === undefined) await condition(told)
  else await condition(told, durationMs(timeout), { summary: `Time limit: ${title}` })
  return (
    resolutions.get(step) ??
    (await closeWait.executeWithOptions({ summary: `Time is up: ${title}` }, [{ runId, step }]))
  )
}

// What an operator reads in the Temporal UI: why the run stands still, and what would let it go on.
function describe({ kind, expiresAt }: WaitRequest, id: string): string {
  const until = expiresAt === null ? '' : ` until ${expiresAt}`
  return kind === 'event'
    ? `waiting for this event${until}`
    : `waiting for a decision${until}; decide with \`onset approve ${id}\``
}

function endingOf(resolution: Resolution): string {
  if (resolution.kind === 'event') {
    return resolution.event === null ? 'none came in time' : `came: ${resolution.event.id}`
  }
  const { decision } = resolution
  return decision.outcome === 'expired'
    ? 'nobody decided in time'
    : `${decision.outcome} by ${decision.by}`
}

function outcomeOf(resolution: Resolution): string {
  if (resolution.kind === 'approval') return resolution.decision.outcome
  return resolution.event === null ? 'timeout' : 'event'
}
