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
  /** Exactly the bytes that were verified. */
  body: Uint8Array
  /** How many runs of ours lie between the outside world and this event. */
  hops: number
  /** The first event of the chain; this event itself where absent. */
  correlationId?: string
  /** The event or run that caused this one. */
  causationId?: string
  /** Why an authentic event cannot go on; it is kept and not dispatched. */
  quarantine?: QuarantineReason
}

/** Why an authentic event, or one dispatch of it, cannot go on. */
export type QuarantineReason =
  | 'body_unreadable'
  | 'body_mismatch'
  | 'read_failed'
  | 'too_many_hops'
  | 'input_too_large'

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
  /** The event of which this one is a replay. */
  replayOf?: string
  data: Data
}

/** The state of an event in the inbox. */
export type EventState = 'accepted' | 'dispatched' | 'quarantined'

/** The state of one event meeting one trigger. */
export type DispatchState = 'started' | 'quarantined'

/** Events of runs that caused each other further than this are kept in quarantine: two triggers cannot feed each other for ever. */
export const MAX_HOPS = 5
