import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, ScheduleOptions } from '@temporalio/client'
import type { Logger } from 'pino'
import { refusalOf } from '../inbox/start-run.ts'
import { registerSearchAttributes } from './search-attributes.ts'
import { syncSchedules } from './schedules.ts'

/** What set-up has found and changed. */
export interface SetUp {
  searchAttributesAdded: string[]
  schedules: string[]
  schedulesRemoved: string[]
}

/** Makes Temporal know what our runs need: search attributes and schedules. Safe to repeat, also at once. */
export async function setUpTemporal(
  { client, namespace }: { client: Client; namespace: string },
  schedules: ScheduleOptions[],
): Promise<SetUp> {
  const searchAttributesAdded = await registerSearchAttributes(client, namespace)
  const { present, removed } = await syncSchedules(client, schedules)
  return { searchAttributesAdded, schedules: present, schedulesRemoved: removed }
}

const RETRY_MS = 1_000

/**
 * Sets Temporal up, as often as it takes. Rejects when Temporal refuses a schedule, such as one with a bad cron
 * expression, and when `signal` is aborted before.
 */
export async function keepSettingUp(
  temporal: { client: Client; namespace: string },
  { schedules, log, signal }: { schedules: ScheduleOptions[]; log: Logger; signal: AbortSignal },
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const done = await setUpTemporal(temporal, schedules)
      log.info(done, 'Temporal is set up')
      return
    } catch (error) {
      signal.throwIfAborted()
      if (refusalOf(error) !== null) throw error
      if (attempt === 1) log.warn({ err: error }, 'setting Temporal up is tried again')
      await sleep(RETRY_MS, undefined, { signal })
    }
  }
}
