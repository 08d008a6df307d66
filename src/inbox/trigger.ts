import type { EventHead } from '../contracts/event.ts'
import type { Priority } from '../contracts/priority.ts'

/** How the runs of a trigger stand to others. */
export interface Flow {
  /**
   * Who goes first where calls to models have to queue: `bulk` for runs that nobody waits for.
   * @default 'interactive'
   */
  priority?: Priority
}

/** What dispatch needs to know of a trigger. */
export interface DispatchTrigger {
  source: { name: string }
  /** Whether the event is meant at all. Throwing quarantines this dispatch. */
  when(event: EventHead): boolean
  /** Picks what the workflow asks for. Throwing quarantines this dispatch. */
  read(body: unknown, event: EventHead): { data: unknown; summary: string }
  workflow: string
  flow?: Flow
}

/** That of the runs of a trigger. */
export const priorityOf = ({ flow }: Pick<DispatchTrigger, 'flow'>): Priority =>
  flow?.priority ?? 'interactive'
