/** What a sender told us, after verification, on its way into the inbox. */
export interface ReceivedEvent {
  tenant: string
  source: string
  /** What the sender calls it; unique per tenant and source. */
  key: string
  /** The sender's word for what happened, such as `issues.opened`. */
  type: string
  /** What it happened to, such as `acme/widgets#7`. */
  subject?: string
  /** When it happened, ISO 8601. The time of receipt where the sender names none. */
  time: string
  method: string
  /** The public URL that was called. */
  url: string
  /** Lower-case names; without credentials, with signature headers. */
  headers: Record<string, string>
  contentType: string
  /** What is read: the bytes that were verified, or the part of them that is this event. */
  body: Uint8Array
  /** How many runs of ours lie between the outside world and this event. */
  hops: number
  /** The first event of the chain; this event itself where absent. */
  correlationId?: string
  /** The event or run that caused this one. */
  causationId?: string
  /** SHA-256 of what the sender says: the same key with another digest is another event, and put into quarantine. */
  digest: Uint8Array
  /** Whether an equal digest alone makes a duplicate: the key stands where nobody signed it. */
  digestIsKey?: boolean
  /** How it was verified. */
  verification?: Verification
  /** After how many minutes it expires where it could not be dispatched; never where absent. */
  expiresAfterMinutes?: number
  /** Why an authentic event cannot go on; it is kept and not dispatched. */
  quarantine?: QuarantineReason
}

/** What said that an event is really from its sender. */
export interface Verification {
  preset: string
  /** Which of the configured keys it was, counted from 1. */
  key: number
  keys: number
  /** When it was signed, ISO 8601; absent where the scheme signs no time. */
  signedAt?: string
}

/** What one request brought: all of its events are kept, or none. */
export interface Delivery {
  events: ReceivedEvent[]
  /** The bytes that were verified, where they are not the body of the only event. */
  raw?: Uint8Array
}

/** Why an authentic event, or one dispatch of it, cannot go on. */
export type QuarantineReason =
  | 'body_unreadable'
  | 'body_mismatch'
  | 'read_failed'
  | 'too_many_hops'
  | 'id_reused'

/** Why an event that could not be dispatched at once is tried again. */
export type WaitingReason = 'temporal_unavailable' | 'dispatch_failed'

/** What became of an event that was offered to the inbox. `id` is the public id of the row that stands. */
export interface Accepted {
  id: string
  status: 'accepted' | 'duplicate'
}

/** An event without its content: what a trigger's `when` decides on. */
export interface EventHead {
  /** Public id, `evt_…`. */
  id: string
  tenant: string
  source: string
  key: string
  type: string
  subject?: string
  /** ISO 8601. */
  time: string
  hops: number
  correlationId: string
  causationId?: string
}

/** What a workflow is started with, and what `waitForEvent` answers: plain JSON. */
export interface TriggerEvent<Data = unknown> extends EventHead {
  /** The trigger that started the run. */
  trigger: string
  /** The run that this one repeats, where somebody has replayed the event. */
  replayOf?: string
  data: Data
}

/**
 * The state of an event in the inbox: `accepted` until it is dispatched at once, `waiting` where something is in its
 * way, `discarded` by an operator, `expired` when its time was over before anything came of it.
 */
export type EventState =
  | 'accepted'
  | 'waiting'
  | 'dispatched'
  | 'quarantined'
  | 'discarded'
  | 'expired'

/** The state of one event meeting one trigger. */
export type DispatchState = 'started' | 'quarantined' | 'discarded'

/** Events of runs that caused each other further than this are kept in quarantine: two triggers cannot feed each other for ever. */
export const MAX_HOPS = 5
