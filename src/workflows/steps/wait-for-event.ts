import { type Duration, durationMs } from '../../contracts/duration.ts'
import { workflowInfo } from '@temporalio/workflow'
import type { TriggerEvent } from '../../contracts/event.ts'
import { attribute, thisRun } from './run.ts'
import { step } from './step.ts'
import { timeFromNow, waitFor } from './waits.ts'

interface EventWait {
  /** Which of the events of this type: those about this subject. All where absent. */
  subject?: string
  /** After this time the answer is null. Waits for ever where absent. */
  timeout?: Duration
  /** How far before now events count as well; since the event that started the run where absent. */
  lookBack?: Duration
  /** Name of the step; the type of the event where absent. */
  name?: string
}

/**
 * Waits for an event of any source by its type. One that came after the event that began the run counts, so that an event which is
 * early is not lost; each event answers a run once. Null when none came in time.
 */
export function waitForEvent(
  type: string,
  { subject, timeout, lookBack, name = type }: EventWait = {},
): Promise<TriggerEvent | null> {
  const title = subject === undefined ? type : `${type} · ${subject}`
  return step({ name, kind: 'event', summary: title }, async (id) => {
    const resolution = await waitFor(
      {
        ...thisRun(),
        step: id,
        kind: 'event',
        type,
        subject: subject ?? null,
        ...sinceOf(lookBack),
        expiresAt: timeFromNow(timeout),
      },
      { title },
    )
    return resolution.kind === 'event' ? resolution.event : null
  })
}

function sinceOf(lookBack: Duration | undefined): { since: string; sinceEvent: string | null } {
  if (lookBack !== undefined) {
    return { since: new Date(Date.now() - durationMs(lookBack)).toISOString(), sinceEvent: null }
  }
  return { since: workflowInfo().startTime.toISOString(), sinceEvent: attribute('EventId') ?? null }
}
