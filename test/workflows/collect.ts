import type { TriggerEvent } from '../../src/contracts/event.ts'
import { waitForEvent } from '../../src/workflows/steps/wait-for-event.ts'

/** Waits for a number of events about one subject; answers their keys, null for each that did not come in time. */
export async function collect({
  data,
}: TriggerEvent<{ subject: string; count: number; timeoutMs: number }>): Promise<
  (string | null)[]
> {
  const keys: (string | null)[] = []
  for (let index = 0; index < data.count; index += 1) {
    const event = await waitForEvent('part', { subject: data.subject, timeout: data.timeoutMs })
    keys.push(event?.key ?? null)
  }
  return keys
}
