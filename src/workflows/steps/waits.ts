import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'
import { condition, defineSignal, setHandler, upsertSearchAttributes } from '@temporalio/workflow'
import { type Duration, durationMs } from '../../contracts/duration.ts'
import { WAKE_SIGNAL } from '../../contracts/names.ts'
import type { RunEvent, Stop } from '../../contracts/run.ts'
import type { Resolution, Wake, WaitRequest } from '../../contracts/wait.ts'
import { closeWait, openWait } from './activities.ts'
import { report } from './run.ts'
import { describeStep } from './step.ts'
import { describeResolution, describeWait } from './wait-words.ts'

const WaitingForAttribute = defineSearchAttributeKey('WaitingFor', SearchAttributeType.KEYWORD)
const wake = defineSignal<[Wake]>(WAKE_SIGNAL)

const resolutions = new Map<string, Resolution>()
const open = new Map<string, Stop>()

/** Takes wakes from the first task of a run on. The first for a wait counts; a repeated one changes nothing. */
export function listenForWakes(): void {
  setHandler(
    wake,
    ({ wait, resolution }) => {
      if (!resolutions.has(wait)) resolutions.set(wait, resolution)
    },
    {
      description: 'How a wait of this run ended. Sent by Onset; decide approvals through its API.',
    },
  )
}

/**
 * Stops the run until somebody resolves the wait or its time is up. The wait is a row first, so that whoever resolves
 * it may come early, late, or while no worker is up. `title` says for people what is waited for.
 */
export async function waitFor(
  request: WaitRequest,
  { title }: { title: string },
): Promise<Resolution> {
  const { step, kind, turn = 1 } = request
  const opened = await openWait.executeWithOptions({ summary: `Waits: ${title}` }, [request])
  if (opened.resolution !== null) return opened.resolution

  const { id } = opened
  open.set(id, kind)
  upsertSearchAttributes([{ key: WaitingForAttribute, value: kind }])
  describeStep(step, describeWait(request, id))
  // The first wait of a step by the step's name alone; the others by their turn, too.
  const isFirst = turn === 1 && (kind === 'approval' || kind === 'event')
  const key = isFirst ? step : `${step}/${kind}/${turn}`
  report(`${key}/waiting`, stopped(request, { id, title }))

  // What is true when the wait is cancelled, too.
  let words = { outcome: 'cancelled', ending: 'cancelled' }
  try {
    const resolution = await resolved(request, { id, title })
    words = describeResolution(resolution)
    return resolution
  } finally {
    open.delete(id)
    const next = [...open.values()].at(-1) ?? null
    upsertSearchAttributes([{ key: WaitingForAttribute, value: next }])
    describeStep(step, words.ending)
    report(`${key}/resumed`, {
      type: 'run.resumed',
      data: { step, wait: id, outcome: words.outcome, waitingFor: next },
    })
  }
}

/** The ISO 8601 time after a duration; null for none. */
export const timeFromNow = (duration: Duration | undefined): string | null =>
  duration === undefined ? null : new Date(Date.now() + durationMs(duration)).toISOString()

function stopped(request: WaitRequest, { id, title }: { id: string; title: string }): RunEvent {
  const { step, kind, expiresAt } = request
  if (kind === 'operator') {
    return {
      type: 'run.parked',
      data: { step, failure: request.failure, ...(expiresAt === null ? {} : { expiresAt }) },
    }
  }
  return {
    type: 'run.waiting',
    data: {
      step,
      waitingFor: kind,
      title,
      ...(kind === 'approval' ? { approvalId: id } : {}),
      ...(expiresAt === null ? {} : { expiresAt }),
    },
  }
}

async function resolved(
  { expiresAt }: WaitRequest,
  { id, title }: { id: string; title: string },
): Promise<Resolution> {
  const told = (): boolean => resolutions.has(id)
  if (expiresAt === null) await condition(told)
  else {
    // Timers of no length fire at once, and are none in the history.
    const ms = Math.max(1, Date.parse(expiresAt) - Date.now())
    await condition(told, ms, { summary: `Time limit: ${title}` })
  }
  return (
    resolutions.get(id) ??
    (await closeWait.executeWithOptions({ summary: `Time is up: ${title}` }, [{ id }]))
  )
}
