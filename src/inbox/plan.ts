import { type Content, readContent } from '../contracts/content.ts'
import { messageOf } from '../contracts/message-of.ts'
import type { EventHead, QuarantineReason, TriggerEvent } from '../contracts/event.ts'
import type { InboxEvent } from './events-table.ts'
import { storableText } from '../store/text.ts'
import { runId } from './run-id.ts'
import type { DispatchTrigger } from './trigger.ts'

/** What dispatching an event to one trigger comes to, before anything has been done. */
export type Plan =
  | { outcome: 'start'; trigger: string; run: PlannedRun }
  | { outcome: 'quarantine'; trigger: string; reason: QuarantineReason; message: string }

/** A run that an event is to start. */
export interface PlannedRun {
  id: string
  workflow: string
  summary: string
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
      const replayOf = replay?.runs[name]
      return planOne({ name, ...trigger }, { head, read, replay: replay?.id, replayOf }) ?? []
    })
}

interface Occasion {
  head: EventHead
  read: () => Content
  replay: string | undefined
  replayOf: string | undefined
}

function planOne(
  { name, workflow, ...trigger }: DispatchTrigger & { name: string },
  { head, read, replay, replayOf }: Occasion,
): Plan | undefined {
  try {
    if (!trigger.when(head)) return undefined
    const content = read()
    if (!content.readable) return quarantine(name, 'body_unreadable', content.message)
    const { data, summary } = trigger.read(content.data, head)
    const { id: eventId, tenant, source } = head
    const id = runId({ workflow, tenant, trigger: name, source, eventId, replay: replay ?? '' })
    const repeated = replayOf === undefined ? {} : { replayOf }
    const input = { ...head, trigger: name, ...repeated, data }
    if (isTooLarge(input)) {
      const message = `The run would begin with more than the ${MOST_BYTES} bytes that Temporal takes: read less.`
      return quarantine(name, 'input_too_large', message)
    }
    const run = { id, workflow, summary: storableText(summary), input }
    return { outcome: 'start', trigger: name, run }
  } catch (error) {
    // By name: the schema that a trigger uses is its own affair, and may come from another copy of zod.
    const mismatch = error instanceof Error && error.constructor.name.endsWith('ZodError')
    return quarantine(name, mismatch ? 'body_mismatch' : 'read_failed', messageOf(error))
  }
}

// Temporal's limit of one payload is 2 MB; beyond 4 MB it does not even answer why.
const MOST_BYTES = 2_000_000

// Printed here, as it is for Temporal: what cannot be, such as a BigInt or a cycle, is the fault of whoever reads.
const isTooLarge = (input: TriggerEvent): boolean =>
  Buffer.byteLength(JSON.stringify(input)) > MOST_BYTES

const quarantine = (trigger: string, reason: QuarantineReason, message: string): Plan => ({
  outcome: 'quarantine',
  trigger,
  reason,
  message: message.slice(0, 2_000),
})
