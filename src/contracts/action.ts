/** What names an effect: with run and step it is done once. */
interface ActionHead {
  tenant: string
  runId: string
  step: string
}

/** A line for the log. */
export type LogAction = ActionHead & {
  /** A constant sentence; values are fields. */
  message: string
  /** Plain JSON. */
  fields: Record<string, unknown>
}

/** A request to somebody else's server. */
export interface HttpPost {
  /** `http://` or `https://`. Redirects are not followed. */
  url: string
  /** Sent as JSON. */
  body: unknown
  headers?: Record<string, string>
}

/** A request on its way to the activity. */
export type HttpAction = ActionHead & HttpPost

/** What the receiver answered. */
export interface HttpOutcome {
  status: number
  /** The first 4 KB of the answer as text. */
  body: string
}
