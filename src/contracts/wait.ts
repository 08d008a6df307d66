import type { TriggerEvent } from './event.ts'
import type { Failure } from './failures.ts'

/** The answer to an approval. Nobody answering in time is an answer too. */
export type ApprovalDecision =
  | { outcome: 'approved'; by: string; reason?: string }
  | { outcome: 'rejected'; by: string; reason?: string }
  | { outcome: 'expired' }

/**
 * What an operator says about a parked step: once more, go on with this value in its place, or let it fail. Where
 * nobody says anything in time, it fails.
 */
export type ParkedDecision =
  | { action: 'retry'; by: string; reason?: string }
  | { action: 'skip'; by: string; reason?: string; value: unknown }
  | { action: 'fail'; by: string; reason?: string }
  | { action: 'expired' }

/** How a wait ended. A null event means that none came in time. */
export type Resolution =
  | { kind: 'approval'; decision: ApprovalDecision }
  | { kind: 'event'; event: TriggerEvent | null }
  | { kind: 'operator'; decision: ParkedDecision }
  /** There may be room again: the step asks once more. */
  | { kind: 'budget' | 'provider'; outcome: 'resumed' | 'timeout' }

/** What the `wake` signal carries. Applied once per wait; sent until the run has acknowledged it. */
export interface Wake {
  /** Id of the wait. */
  wait: string
  resolution: Resolution
}

/** What a step asks the activity that opens its wait. Repeating it with the same run, step and turn changes nothing. */
export type WaitRequest = {
  tenant: string
  runId: string
  step: string
  /** Counts the waits of one kind in one step. @default 1 */
  turn?: number
  /** ISO 8601; null waits for ever. */
  expiresAt: string | null
} & (
  | { kind: 'approval'; title: string; details: unknown }
  | {
      kind: 'event'
      type: string
      /** Null matches every subject. */
      subject: string | null
      /** ISO 8601: events received since then count as well. */
      since: string
      /** Id of the event that started the run: what came after it counts, too. Null where only `since` does. */
      sinceEvent: string | null
    }
  | {
      kind: 'operator'
      title: string
      failure: Failure
      /** The question that failed: what stands in for its answer is the answer to the next. */
      ask: number
      prompt: string
      /** Whether the step's answer says that it is one: see `ModelOutcome`. @default false */
      declining?: boolean
    }
  | {
      kind: 'budget'
      title: string
      /** The scope of the budget. */
      subject: string
      /** What its call may need. */
      asked: { micros: number; tokens: number }
    }
  | { kind: 'provider'; title: string; subject: string }
)

/** A wait that was opened, and how it ended if it has. */
export interface OpenedWait {
  /** By which people and links name it. */
  id: string
  resolution: Resolution | null
}

/** An approval as people see it. */
export interface Approval {
  /** Public id, `apr_…`. */
  id: string
  runId: string
  step: string
  title: string
  details: unknown
  status: 'open' | 'approved' | 'rejected' | 'expired' | 'closed'
  /** ISO 8601. */
  requestedAt: string
  /** ISO 8601; null where it never expires. */
  expiresAt: string | null
  /** ISO 8601; null while open. */
  decidedAt: string | null
  decidedBy: string | null
  reason: string | null
}

/** A parked step as people see it. */
export interface ParkedStep {
  /** Public id, `prk_…`. */
  id: string
  runId: string
  step: string
  failure: Failure
  /** ISO 8601. */
  parkedAt: string
  /** ISO 8601: then the step fails by itself; null where it never does. */
  expiresAt: string | null
  status: 'open' | 'retry' | 'skip' | 'fail' | 'expired' | 'closed'
  /** ISO 8601; null while open. */
  decidedAt: string | null
  decidedBy: string | null
  reason: string | null
}
