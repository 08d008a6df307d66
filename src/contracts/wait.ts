import type { TriggerEvent } from './event.ts'

/** The answer to an approval. Nobody answering in time is an answer too. */
export type ApprovalDecision =
  | { outcome: 'approved'; by: string; reason?: string }
  | { outcome: 'rejected'; by: string; reason?: string }
  | { outcome: 'expired' }

/** How a wait ended. A null event means that none came in time. */
export type Resolution =
  | { kind: 'approval'; decision: ApprovalDecision }
  | { kind: 'event'; event: TriggerEvent | null }

/** What the `wake` signal carries. Applied once per step; sent until the run has acknowledged it. */
export interface Wake {
  step: string
  resolution: Resolution
}

/** What a step asks the activity that opens its wait. Repeating it with the same run and step changes nothing. */
export type WaitRequest = {
  tenant: string
  runId: string
  step: string
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
