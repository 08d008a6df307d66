import type { Client } from '@temporalio/client'
import {
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdReusePolicy,
} from '@temporalio/client'
import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common'
import { TASK_QUEUE } from '../contracts/names.ts'
import { type Priority, toTemporal } from '../contracts/priority.ts'
import { TooLate, within } from '../store/deadline.ts'
import type { TriggerEvent } from '../contracts/event.ts'
import type { PlannedRun } from './plan.ts'

/**
 * Starts a run, at most once for its id. `startedBy` says for people who did where that is no event of the inbox.
 * Rejects with {@link TemporalAway} when Temporal does not take any within 3 s, and with anything else where it does not
 * take this one.
 */
export type StartRun = (run: PlannedRun, options?: { startedBy?: string }) => Promise<void>

/** Temporal takes no runs at all: not reachable, or not willing yet. That says nothing about the run. */
export class TemporalAway extends Error {
  override readonly name = 'TemporalAway'
}

// The client would go on trying for ten seconds and more. A start that comes late finds its id taken.
const DEADLINE_MS = 3_000
// A status code of gRPC.
const INVALID_ARGUMENT = 3

/**
 * Starts runs through Temporal. `eager` hands the first task straight to a worker of this process: only for a client
 * on that worker's own connection.
 */
export function createStartRun({ client, eager }: { client(): Client; eager: boolean }): StartRun {
  return async ({ id, workflow, summary, priority, input }, { startedBy } = {}) => {
    const eventId = startedBy === undefined ? input.id : null
    try {
      await within(
        DEADLINE_MS,
        'Temporal',
        reached(client).workflow.start(workflow, {
          workflowId: id,
          taskQueue: TASK_QUEUE,
          args: [input],
          workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
          typedSearchAttributes: searchAttributesOf({ ...input, id: eventId }),
          memo: { summary, ...(input.replayOf === undefined ? {} : { replayOf: input.replayOf }) },
          staticSummary: summary.slice(0, 200),
          staticDetails: startedBy ?? detailsOf(input, priority),
          priority: toTemporal(priority),
          requestEagerStart: eager,
        }),
      )
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return
      throw isGeneral(error) && refusalOf(error) === null ? away(error) : error
    }
  }
}

const away = (cause: unknown): TemporalAway =>
  new TemporalAway('Temporal takes no runs.', { cause })

function reached(client: () => Client): Client {
  try {
    return client()
  } catch (cause) {
    throw away(cause)
  }
}

// What the server answers but to the input, and no answer. Anything else was thrown here, over this run alone.
const isGeneral = (error: unknown): boolean =>
  error instanceof ServiceError || error instanceof TooLate || error instanceof TemporalAway

// The order of these lines is what an operator reads first.
const detailsOf = (event: TriggerEvent, priority: Priority): string =>
  [
    `Started by **${event.type}** from **${event.source}** through the trigger **${event.trigger}**.`,
    '',
    `- event: \`${event.id}\`; look it up with \`GET /api/events/${event.id}\``,
    `- the sender calls it \`${event.key}\``,
    `- subject: ${event.subject ?? '–'}, time: ${event.time}`,
    `- priority: ${priority}`,
    ...(event.replayOf === undefined ? [] : [`- repeats the run \`${event.replayOf}\``]),
  ].join('\n')

const Source = defineSearchAttributeKey('Source', 'KEYWORD')
const Trigger = defineSearchAttributeKey('Trigger', 'KEYWORD')
const EventId = defineSearchAttributeKey('EventId', 'KEYWORD')
const Tenant = defineSearchAttributeKey('Tenant', 'KEYWORD')

/** The search attributes by which the Temporal UI finds a run. Not every run has an event in the inbox. */
export const searchAttributesOf = (
  event: Pick<TriggerEvent, 'source' | 'trigger' | 'tenant'> & { id: string | null },
): SearchAttributePair[] => [
  { key: Source, value: event.source },
  { key: Trigger, value: event.trigger },
  ...(event.id === null ? [] : [{ key: EventId, value: event.id }]),
  { key: Tenant, value: event.tenant },
]

/** What Temporal says to a request that it will never take; null for any other error. */
export function refusalOf(error: unknown): string | null {
  if (!(error instanceof ServiceError) || !(error.cause instanceof Error)) return null
  const { cause } = error
  return 'code' in cause && cause.code === INVALID_ARGUMENT ? cause.message : null
}
