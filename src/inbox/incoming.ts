import { type Delivery, MAX_HOPS, type ReceivedEvent } from '../contracts/event.ts'
import { indexableText, storableText } from '../store/text.ts'
import { newEventId } from './event-id.ts'
import type { InboxEvent } from './events-table.ts'

/** An event on its way into the table. */
export interface Incoming {
  event: InboxEvent
  received: ReceivedEvent
  /** Why it starts in quarantine. */
  reason: string | undefined
  /** Where its request brought more than this event: what they share. */
  request?: { id: string; raw: Uint8Array | undefined }
  /** The digest, and the id of the first with its key, where it says something else under that key. */
  reused?: { variant: string; firstId: string }
}

/** The events of one request, each with an id of its own. */
export function toIncoming({ events, raw }: Delivery): Incoming[] {
  const incoming = events.map((received) => ({
    event: toInboxEvent(received),
    received,
    reason: received.hops > MAX_HOPS ? 'too_many_hops' : received.quarantine,
  }))
  const [first] = incoming
  if (first === undefined || (raw === undefined && incoming.length === 1)) return incoming
  const request = { id: first.event.id.replace('evt_', 'dlv_'), raw }
  return incoming.map((each) => ({ ...each, request }))
}

function toInboxEvent(received: ReceivedEvent): InboxEvent {
  const id = newEventId()
  return {
    id,
    tenant: received.tenant,
    source: received.source,
    key: indexableText(received.key),
    type: indexableText(received.type),
    ...(received.subject === undefined ? {} : { subject: indexableText(received.subject) }),
    time: received.time,
    hops: received.hops,
    correlationId: received.correlationId ?? id,
    ...(received.causationId === undefined ? {} : { causationId: received.causationId }),
    contentType: received.contentType,
    body: received.body,
  }
}

/** Events and their requests as JSON, and all that is binary behind one another. */
export function toRows(incoming: Incoming[]): {
  rows: unknown[]
  requests: unknown[]
  bytes: Buffer
} {
  const parts: Uint8Array[] = []
  let end = 0
  const rows = incoming.map((each) => toRow(each, place(each.event.body)))
  const raws = new Map<string, Uint8Array>()
  for (const { request } of incoming) {
    if (request?.raw !== undefined) raws.set(request.id, request.raw)
  }
  const requests = [...raws].map(([id, raw]) => ({ id, ...place(raw) }))
  const [only, ...others] = parts
  // A large body goes alone, and copying it holds up everybody else.
  const bytes =
    only !== undefined && others.length === 0
      ? Buffer.from(only.buffer, only.byteOffset, only.length)
      : Buffer.concat(parts)
  return { rows, requests, bytes }

  function place(part: Uint8Array): { start: number; size: number } {
    const start = end
    end += part.length
    parts.push(part)
    return { start, size: part.length }
  }
}

// What is undefined is left out of the JSON and null in the record set.
const toRow = (
  { event, received, reason, request, reused }: Incoming,
  { start, size }: { start: number; size: number },
) => ({
  id: event.id,
  tenant: event.tenant,
  source: event.source,
  key: event.key,
  type: event.type,
  subject: event.subject,
  time: event.time,
  method: received.method,
  url: storableText(received.url),
  headers: JSON.stringify(received.headers),
  content_type: event.contentType,
  start,
  size,
  hops: event.hops,
  correlation_id: event.correlationId,
  causation_id: event.causationId,
  digest: hexOf(received.digest),
  digest_is_key: received.digestIsKey === true,
  verification:
    received.verification === undefined ? undefined : JSON.stringify(received.verification),
  delivery_id: request?.id,
  variant: reused?.variant,
  first_id: reused?.firstId,
  expires_after: received.expiresAfterMinutes,
  reason,
})

/** A digest as text: what tells the events under one key apart. */
export const hexOf = ({ buffer, byteOffset, length }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, length).toString('hex')
