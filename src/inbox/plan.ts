import { type Content, readContent } from '../contracts/content.ts'
import { messageOf } from '../contracts/message-of.ts'
import type { EventHead, QuarantineReason, TriggerEvent } from '../contracts/event.ts'
import type { Priority } from '../contracts/priority.ts'
import type { InboxEvent } from './events-table.ts'
import { storableText } from '../store/text.ts'
import { runId } from './run-id.ts'
import { type DispatchTrigger, priorityOf } from './trigger.ts'

/** What dispatching an event to one trigger comes to, before anything has been done. */
export type Plan =
  | { outcome: 'start'; trigger: string; run: PlannedRun }
  | { outcome: 'quarantine'; trigger: string; reason: QuarantineReason; message: string }

/** A run that an event is to start. */
export interface PlannedRun {
  id: string
  workflow: string
  summary: string
  priority: Priority
  input: TriggerEvent
}

/** Triggers by the names under which the catalogue lists them. */
export type Catalogue = Record<string, DispatchTrigger>

/** One plan for each trigger that the event meets. Nothing that a trigger throws goes further than its own plan. */
export function planDispatches(event: InboxEvent, catalogue: Catalogue): Plan[] {
  const {
    contentType,
    body,
    started,
    replay,
    delayed: _,
    again: __,
    generation: ___,
    ...head
  } = event
  // Read once, and not at all where no trigger means the event.
  let content: Content | undefined
  const read = (): Content => (content ??= readContent(contentType, body))
  return Object.entries(catalogue)
    .filter(([, trigger]) => trigger.source.name === event.source)
    .filter(([name]) => started?.includes(name) !== true)
    .flatMap(([name, trigger]) => {
      return planOne({ name, ...trigger }, { head, read, replay }) ?? []
    })
}

interface Occasion {
  head: EventHead
  read: () => Content
  replay: InboxEvent['replay']
}

function planOne(
  { name, workflow, ...trigger }: DispatchTrigger & { name: string },
  { head, read, replay }: Occasion,
): Plan | undefined {
  try {
    if (!trigger.when(head)) return undefined
    const content = read()
    if (!content.readable) return quarantine(name, 'body_unreadable', content.message)
    const { data, summary } = trigger.read(content.data, head)
    const { id: eventId, tenant, source } = head
    const id = runId({ workflow, tenant, trigger: name, source, eventId, replay: replay?.id ?? '' })
    const replayOf = replay?.runs[name]
    const repeated = replayOf === undefined ? {} : { replayOf }
    const input = { ...head, trigger: name, ...repeated, data }
    // As it is for Temporal: what cannot be, such as a BigInt or a cycle, is the fault of whoever reads.
    JSON.stringify(input)
    const priority = replay?.ofMany === true ? 'bulk' : priorityOf(trigger)
    const run = { id, workflow, summary: storableText(summary), priority, input }
    return { outcome: 'start', trigger: name, run }
  } catch (error) {
    // By name: the schema that a trigger uses is its own affair, and may come from another copy of zod.
    const mismatch = error instanceof Error && error.constructor.name.endsWith('ZodError')
    return quarantine(name, mismatch ? 'body_mismatch' : 'read_failed', messageOf(error))
  }
}

const quarantine = (trigger: string, reason: QuarantineReason, message: string): Plan => ({
  outcome: 'quarantine',
  trigger,
  reason,
  message: message.slice(0, 2_000),
})
