import { createHash } from 'node:crypto'

/** What a run's id is made from: the same event, trigger and replay always give the same id. */
interface RunOrigin {
  workflow: string
  tenant: string
  trigger: string
  source: string
  /** Id of the event. The sender's key would not do: it may come again after its first event was deleted. */
  eventId: string
  /** Id of the replay; empty for the event's own run. */
  replay?: string
}

/** The id of the run that an event starts: says where it came from and is the same however often it is made. */
export function runId({
  workflow,
  tenant,
  trigger,
  source,
  eventId,
  replay = '',
}: RunOrigin): string {
  const origin = JSON.stringify([tenant, trigger, source, eventId, replay])
  return `${workflow}:${source}:${createHash('sha256').update(origin).digest('hex').slice(0, 32)}`
}
