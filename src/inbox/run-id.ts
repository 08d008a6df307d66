import { createHash } from 'node:crypto'

/** What a run's id is made from: the same event, trigger and replay always give the same id. */
interface RunOrigin {
  workflow: string
  tenant: string
  trigger: string
  source: string
  key: string
  /** Id of the replay, or what else tells it from the first event of the key; empty for that one's own run. */
  replay?: string
}

/** The id of the run that an event starts: says where it came from and is the same however often it is made. */
export function runId({ workflow, tenant, trigger, source, key, replay = '' }: RunOrigin): string {
  const origin = JSON.stringify([tenant, trigger, source, key, replay])
  return `${workflow}:${source}:${createHash('sha256').update(origin).digest('hex').slice(0, 32)}`
}
