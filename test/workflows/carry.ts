import type { TriggerEvent } from '../../src/contracts/event.ts'
import { act } from '../../src/workflows/steps/act.ts'
import { waitForEvent } from '../../src/workflows/steps/wait-for-event.ts'

/** Waits for a load to come, logs the one that it began with, and answers the length of both. */
export async function carry({
  data,
}: TriggerEvent<{ load: string; subject: string }>): Promise<{ began: number; came: number }> {
  const event = await waitForEvent('load', { subject: data.subject })
  await act.log('carried', { load: data.load })
  return { began: data.load.length, came: JSON.stringify(event?.data ?? null).length }
}
