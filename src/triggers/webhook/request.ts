/** A request as it came over the wire. */
export interface RawRequest {
  method: string
  /** The public URL exactly as the sender knows it: host in its case, query included. */
  url: string
  /** Lower-case names. A header that was sent twice comes as `a, b`. */
  headers: Record<string, string>
  /** Exactly the bytes that were received. */
  body: Uint8Array
  /** Address of the sender, behind the proxies that are trusted; undefined where a stored request is judged again. */
  address: string | undefined
  /** Whether a trusted proxy handed it over: only then do headers that such a proxy sets mean anything. */
  proxied: boolean
}

/** A whole answer to a provider that expects a certain one. */
export interface Answer {
  status: number
  /** Absent for an empty body. */
  contentType?: string
  body: string
}

/** An answer in JSON with status 200. */
export const jsonAnswer = (value: unknown): Answer => ({
  status: 200,
  contentType: 'application/json',
  body: JSON.stringify(value),
})

/** An empty answer. */
export const emptyAnswer = (status: 200 | 204): Answer => ({ status, body: '' })
