import { randomUUID } from 'node:crypto'
import { readContent } from '../../contracts/content.ts'
import type { ReceivedEvent, Verification } from '../../contracts/event.ts'
import { withoutCredentials } from '../../contracts/headers.ts'
import { DEFAULT_TENANT } from '../../contracts/names.ts'
import { digestOf } from '../../inbox/digest.ts'
import type { Endpoint, Received } from './endpoint.ts'
import { digestOfContent, type OpenedBody } from './open-body.ts'
import type { Open } from './open-off-loop.ts'
import type { EventFacts } from './preset.ts'
import { readSentCloudEvents } from './sent-cloud-events.ts'
import { type Judgement, type Verified, verificationOf } from './verify.ts'

interface Circumstances {
  endpoint: Endpoint
  /** What was verified, without its compression; null where that is broken. */
  body: Uint8Array | null
  now: Date
  open: Open
}

/** Reads what was verified: the events it brings, or a handshake. */
export async function readVerified(
  { request: sealed, verification: proof }: Extract<Judgement, { verified: true }>,
  { endpoint, body, now, open }: Circumstances,
): Promise<Received> {
  const { preset, source } = endpoint
  const request = body === null || body === sealed.body ? sealed : { ...sealed, body }
  const verification = verificationOf(proof)
  const sent = readSentCloudEvents(request, { preset, source, now })
  if (sent.outcome === 'events') {
    const events = sent.events.map((event) => ({ ...event, verification }))
    return { outcome: 'events', delivery: { events, raw: sealed.body }, request }
  }

  const { volatile = [], opening } = preset
  const contentType = request.headers['content-type'] ?? ''
  const opened =
    body === null || sent.outcome === 'invalid'
      ? unreadable(request)
      : await open({ contentType, body, volatile, opening })
  const { content } = opened
  const reading = preset.read(request, content.readable ? content.data : undefined)
  if (reading.outcome === 'handshake') return { outcome: 'answered', answer: reading.answer }

  const isOnly = reading.events.length === 1
  const found = { endpoint, request, opened, verification, now, isOnly }
  const events = reading.events.map((facts) => toReceived(facts, found))
  const isWhole = isOnly && events[0]?.body === sealed.body
  const raw = preset.redactRaw === undefined ? sealed.body : preset.redactRaw(request.body)
  return { outcome: 'events', delivery: { events, ...(isWhole ? {} : { raw }) }, request }
}

const unreadable = ({ headers, body }: Verified): OpenedBody => ({
  contentType: headers['content-type'] ?? '',
  body,
  content: { readable: false, message: 'The body is not what it says it is.' },
  digest: digestOf(body),
})

interface Found {
  endpoint: Endpoint
  request: Verified
  opened: OpenedBody
  verification: Verification
  now: Date
  isOnly: boolean
}

function toReceived(facts: EventFacts, found: Found): ReceivedEvent {
  const { endpoint, request, verification, now, isOnly } = found
  const { preset, expiresAfterMinutes } = endpoint
  const { method, url, headers } = request
  const { contentType, body, digest, readable } = bodyOf(facts, found)
  // It names the request, not each of several events in it, and says nothing of what nobody can read.
  const sentKey = isOnly && readable ? headers['idempotency-key'] : undefined
  const isUnsigned =
    preset.keyIsUnsigned === true || (facts.key === undefined && sentKey !== undefined)
  const digestIsKey = isUnsigned && preset.signsBody !== false && facts.mayRepeat !== true
  return {
    tenant: DEFAULT_TENANT,
    source: endpoint.source,
    key: facts.key ?? (sentKey === undefined ? randomUUID() : `${SENT_KEY}${sentKey}`),
    type: facts.type,
    ...(facts.subject === undefined ? {} : { subject: facts.subject }),
    time: timeOf(facts.time, now),
    method,
    url,
    headers: withoutCredentials(headers),
    contentType,
    body,
    hops: 0,
    digest: digestIsKey ? digestWithType(facts.type, digest) : digest,
    ...(digestIsKey ? { digestIsKey } : {}),
    verification,
    ...(expiresAfterMinutes === undefined ? {} : { expiresAfterMinutes }),
    ...(readable ? {} : { quarantine: 'body_unreadable' }),
  }
}

// Nobody signs the header: what it says must not meet a key that the provider gives.
const SENT_KEY = 'idempotency-key:'

// Where the type stands in a header, equal bodies of two types are two events.
const digestWithType = (type: string, digest: Uint8Array): Uint8Array =>
  digestOf(Buffer.concat([Buffer.from(`${type}\0`), digest]))

function bodyOf({ part, unreadable: isForeign }: EventFacts, { endpoint, opened }: Found) {
  const { redactRaw, volatile = [] } = endpoint.preset
  if (part === undefined) {
    const { contentType, content, digest } = opened
    const body = redactRaw === undefined ? opened.body : redactRaw(opened.body)
    return { contentType, body, digest, readable: content.readable && isForeign !== true }
  }
  const { contentType, body } = part
  const content = volatile.length === 0 ? null : readContent(contentType, body)
  const digest = digestOfContent({ body, content, volatile })
  return { contentType, body, digest, readable: isForeign !== true }
}

// A sender whose clock is outside of the calendar that everybody can write down has none.
const EARLIEST_MS = Date.parse('0001-01-01T00:00:00Z')
const LATEST_MS = Date.parse('9999-12-31T23:59:59Z')

function timeOf(said: string | undefined, now: Date): string {
  const time = said === undefined ? now : new Date(said)
  const isInCalendar = time.getTime() >= EARLIEST_MS && time.getTime() <= LATEST_MS
  return (isInCalendar ? time : now).toISOString()
}
