import {
  type Client,
  type ScheduleOptions,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
} from '@temporalio/client'
import type { TriggerEvent } from '../contracts/event.ts'
import { DEFAULT_TENANT, TASK_QUEUE } from '../contracts/names.ts'
import { toTemporal } from '../contracts/priority.ts'
import { searchAttributesOf } from '../inbox/start-run.ts'
import { priorityOf } from '../inbox/trigger.ts'
import type { Trigger } from '../triggers/define.ts'

/** What bringing the schedules up to date has changed. */
export interface SyncedSchedules {
  /** Ids of the schedules that are there now. */
  present: string[]
  /** Ids of those whose trigger is gone from the catalogue. */
  removed: string[]
}

// By this mark we know our own schedules from those that others made in the namespace.
const PREFIX = 'onset:'

/**
 * Makes the Temporal Schedules be what is wanted: creates, updates and removes. Safe to repeat and to run in
 * several processes at once. Whether a schedule is paused is the operator's and stays.
 */
export async function syncSchedules(
  client: Client,
  wanted: ScheduleOptions[],
): Promise<SyncedSchedules> {
  for (const options of wanted) await upsert(client, options)

  const present = wanted.map(({ scheduleId }) => scheduleId)
  const removed: string[] = []
  for await (const { scheduleId } of client.schedule.list()) {
    if (!scheduleId.startsWith(PREFIX) || present.includes(scheduleId)) continue
    await remove(client, scheduleId)
    removed.push(scheduleId)
  }
  return { present, removed }
}

async function upsert(client: Client, options: ScheduleOptions): Promise<void> {
  try {
    await client.schedule.create(options)
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error
    await client.schedule
      .getHandle(options.scheduleId)
      .update(({ state }) => ({ ...options, state }))
  }
}

async function remove(client: Client, scheduleId: string): Promise<void> {
  try {
    await client.schedule.getHandle(scheduleId).delete()
  } catch (error) {
    // Another process was faster.
    if (!(error instanceof ScheduleNotFoundError)) throw error
  }
}

/** The schedules that the catalogue asks for. Throws what a trigger's `read` throws. */
export const schedulesOf = (catalogue: Record<string, Trigger>): ScheduleOptions[] =>
  Object.entries(catalogue).flatMap(([name, trigger]) => scheduleOf(name, trigger))

function scheduleOf(name: string, trigger: Trigger): ScheduleOptions[] {
  const { source, workflow } = trigger
  if (source.kind.kind !== 'schedule') return []
  const { cron, timezone, catchupWindow } = source.kind
  const head = {
    id: `${PREFIX}${name}`,
    tenant: DEFAULT_TENANT,
    source: source.name,
    type: 'schedule',
    // Key and time are the nominal ones of each run; the run puts them in as it begins.
    key: '',
    time: '',
    hops: 0,
    correlationId: `${PREFIX}${name}`,
  }
  const priority = priorityOf(trigger)
  // The SDK sends it, and its types leave it out.
  const untyped = { priority: toTemporal(priority) }
  const { data, summary } = trigger.read(undefined, head)
  const input: TriggerEvent = { ...head, trigger: name, data }
  return [
    {
      scheduleId: `${PREFIX}${name}`,
      spec: { cronExpressions: [cron], timezone },
      // Nor is a run handed the result of the one before it, whose payloads may be deleted by then.
      policies: { overlap: 'ALLOW_ALL', catchupWindow },
      action: {
        type: 'startWorkflow',
        workflowType: workflow,
        workflowId: `${workflow}:${source.name}`,
        taskQueue: TASK_QUEUE,
        args: [input],
        memo: { summary },
        typedSearchAttributes: searchAttributesOf({ ...input, id: null }),
        staticSummary: summary,
        staticDetails: `Started by the schedule **${source.name}** (\`${cron}\`, ${timezone}) through the trigger **${name}**.\n\n- priority: ${priority}`,
        ...untyped,
      },
    },
  ]
}
