import type { EventHead } from '../contracts/event.ts'

/** What dispatch needs to know of a trigger. */
export interface DispatchTrigger {
  source: { name: string }
  /** Whether the event is meant at all. Throwing quarantines this dispatch. */
  when(event: EventHead): boolean
  /** Picks what the workflow asks for. Throwing quarantines this dispatch. */
  read(body: unknown, event: EventHead): { data: unknown; summary: string }
  workflow: string
}
