import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { mediaTypeOf } from '../contracts/content.ts'
import type { ReceivedEvent } from '../contracts/event.ts'
import { withoutCredentials } from '../contracts/headers.ts'
import { digestOf } from './digest.ts'
import { cutJson, parseJsonText, type Parts, type Readable } from './json-text.ts'

// Per CloudEvents 1.0, "String": no control characters and no unpaired surrogates.
const string = (longest: number) =>
  z
    .string()
    .min(1)
    .max(longest)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters or lone surrogates')
const word = (longest: number) => string(longest).regex(/^\S*$/u, 'must not contain white space')
const time = z.iso.datetime({ offset: true, abort: true }).refine(isInCalendar, {
  message: 'must lie between the years 1 and 9999',
})
const base64 = z
  .base64({ abort: true })
  .refine((value) => parseJsonText(Buffer.from(value, 'base64')).readable, {
    message: 'must hold JSON',
  })
// A number in JSON, its digits in a header.
const digits = z
  .string()
  .regex(/^\d{1,4}$/)
  .transform(Number)
const hops = z.union([z.int().min(0).max(9_999), digits])

/** CloudEvents 1.0 in JSON. `source` and `id` together are the key in the inbox; `data` is what a trigger reads. */
export const CloudEvent = z
  .object({
    specversion: z.literal('1.0'),
    id: string(256),
    source: word(256),
    type: string(255),
    subject: string(1024).optional(),
    time: time.optional(),
    datacontenttype: string(255).optional(),
    dataschema: string(1024).optional(),
    data: z.unknown().optional(),
    data_base64: base64.optional(),
    /** How many runs of ours lie between the outside world and this event. */
    onsethops: hops.optional(),
    correlationid: string(256).optional(),
    causationid: string(256).optional(),
  })
  .catchall(z.union([string(2048), z.boolean(), z.int32()]))
  .refine((event) => Object.keys(event).every((name) => /^([a-z0-9]+|data_base64)$/.test(name)), {
    message: 'names of attributes must consist of lower-case letters and digits',
  })
  .refine((event) => event.data === undefined || event.data_base64 === undefined, {
    message: 'data and data_base64 exclude each other',
  })

/** Several CloudEvents in one request. */
export const CloudEventBatch = z.array(CloudEvent).max(100)

/** The short form. Without `id` the header `Idempotency-Key` is the key, else every request is a new event. */
export const ShortEvent = z.strictObject({
  type: string(255),
  subject: string(1024).optional(),
  data: z.unknown().optional(),
  id: word(256).optional(),
  time: time.optional(),
})

const ShortHeaders = z.object({
  'idempotency-key': z.string().transform(unquote).pipe(word(256)).optional(),
  'x-onset-hops': hops.optional(),
  'x-onset-correlation-id': string(256).optional(),
  'x-onset-causation-id': string(256).optional(),
})

/** One request that brings events, authenticated and read. */
export interface EventRequest {
  tenant: string
  /** The source under which its events stand in the inbox. */
  source: string
  /** The public URL that was called. */
  url: string
  /** Lower-case names. */
  headers: Record<string, string>
  body: Uint8Array
  /** ISO 8601: the time of events that name none. */
  receivedAt: string
}

/** What a request says, or why it says nothing. `batch` asks for a list of answers. */
export type EventReading =
  | { outcome: 'read'; batch: boolean; events: ReceivedEvent[] }
  | { outcome: 'unsupported_media_type' | 'invalid_json'; detail: string }
  | { outcome: 'invalid_request'; issues: z.core.$ZodIssue[] }

/** Whether a sender says that it brings CloudEvents, in any of their modes. */
export const bringsCloudEvents = (headers: Record<string, string>): boolean =>
  isCloudEventsType(headers) || isBinaryMode(headers)

/** Whether the attributes of the CloudEvent stand in headers. */
export const isBinaryMode = (headers: Record<string, string>): boolean =>
  'ce-specversion' in headers && !isCloudEventsType(headers)

const isCloudEventsType = (headers: Record<string, string>): boolean =>
  mediaTypeOf(headers['content-type'] ?? '').startsWith('application/cloudevents')

/**
 * Reads CloudEvents 1.0 in the structured, binary and batch modes, and the short form. Stored is the JSON text of the
 * data exactly as it came, so that large numbers survive, with the attributes beside it as `ce-…` headers.
 */
export function readCloudEvents(request: EventRequest): EventReading {
  const mediaType = mediaTypeOf(request.headers['content-type'] ?? '')
  const mode = modeOf(mediaType, request.headers)
  if (mode === null) {
    const detail = `Expected application/json, application/cloudevents+json or application/cloudevents-batch+json, received '${mediaType}'.`
    return { outcome: 'unsupported_media_type', detail }
  }
  const body = parseJsonText(request.body)
  if (!body.readable) return { outcome: 'invalid_json', detail: body.detail }
  if (mode === 'batch') return readBatch(body, request)
  if (mode === 'short') return readShort(body, request)
  if (mode === 'structured') return readOne(body.value, body.parts, request)
  return readOne(binaryAttributes(request.headers), new Map([['data', body.text]]), request)
}

function modeOf(mediaType: string, headers: Record<string, string>) {
  if (mediaType === 'application/cloudevents+json') return 'structured'
  if (mediaType === 'application/cloudevents-batch+json') return 'batch'
  if (mediaType.startsWith('application/cloudevents')) return null
  if (mediaType !== 'application/json' && !mediaType.endsWith('+json')) return null
  return Object.keys(headers).some((name) => name.startsWith('ce-')) ? 'binary' : 'short'
}

function binaryAttributes(headers: Record<string, string>): Record<string, string> {
  const attributes = Object.entries(headers)
    .filter(([name]) => name.startsWith('ce-') && !name.startsWith('ce-data'))
    .map(([name, value]) => [name.slice(3), decodeHeader(value)] as const)
  return Object.fromEntries(attributes)
}

// Per the HTTP binding 1.0.2, 3.1.3.2: first the quotes of older senders, then one round of percent-decoding.
function decodeHeader(value: string): string {
  return unquote(value).replaceAll(/(?:%[0-9a-f]{2})+/gi, (bytes) =>
    Buffer.from(bytes.replaceAll('%', ''), 'hex').toString('utf8'),
  )
}

function unquote(value: string): string {
  const quoted = /^"(.*)"$/.exec(value)?.[1]
  return quoted === undefined ? value : quoted.replaceAll(/\\(.)/g, '$1')
}

function readOne(value: unknown, parts: Parts, request: EventRequest): EventReading {
  const { success, data: event, error } = CloudEvent.safeParse(withoutNulls(value))
  if (!success) return { outcome: 'invalid_request', issues: error.issues }
  return { outcome: 'read', batch: false, events: [toReceived(event, parts, request)] }
}

function readBatch({ value, parts }: Readable, request: EventRequest): EventReading {
  const values = Array.isArray(value) ? value.map(withoutNulls) : value
  const { success, data, error } = CloudEventBatch.safeParse(values)
  if (!success) return { outcome: 'invalid_request', issues: error.issues }
  const events = data.map((event, index) =>
    toReceived(event, cutJson(parts.get(String(index)) ?? ''), request),
  )
  return { outcome: 'read', batch: true, events }
}

// Per the JSON format, a null attribute is an absent one.
function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const members = Object.entries(value)
  return Object.fromEntries(members.filter(([name, member]) => member !== null || name === 'data'))
}

function toReceived(event: z.infer<typeof CloudEvent>, parts: Parts, request: EventRequest) {
  const { data: _, data_base64: encoded, ...attributes } = event
  const headers = Object.entries(attributes).map(([name, value]) => [
    `ce-${name}`,
    // Per the HTTP binding: printable ASCII without space, quote and percent sign goes as it is.
    String(value).replaceAll(/[^\x21-\x7e]|["%]/gu, encodeURIComponent),
  ])
  const body = encoded === undefined ? jsonBody(parts) : Buffer.from(encoded, 'base64')
  return {
    ...envelope(event, request),
    // White space is in no source, so that no two pairs give the same key; nor is it in a key of the short form.
    key: `${event.source} ${event.id}`,
    headers: { ...withoutCredentials(request.headers), ...Object.fromEntries(headers) },
    body,
    digest: digestOf(body),
    hops: event.onsethops ?? 0,
    ...(event.correlationid === undefined ? {} : { correlationId: event.correlationid }),
    ...(event.causationid === undefined ? {} : { causationId: event.causationid }),
  }
}

function readShort({ value, parts }: Readable, request: EventRequest): EventReading {
  const event = ShortEvent.safeParse(value)
  if (!event.success) return { outcome: 'invalid_request', issues: event.error.issues }
  const headers = ShortHeaders.safeParse(request.headers)
  if (!headers.success) return { outcome: 'invalid_request', issues: headers.error.issues }
  const correlationId = headers.data['x-onset-correlation-id']
  const causationId = headers.data['x-onset-causation-id']
  const body = jsonBody(parts)
  const received = {
    ...envelope(event.data, request),
    key: event.data.id ?? headers.data['idempotency-key'] ?? randomUUID(),
    headers: withoutCredentials(request.headers),
    body,
    digest: digestOf(body),
    hops: headers.data['x-onset-hops'] ?? 0,
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(causationId === undefined ? {} : { causationId }),
  }
  return { outcome: 'read', batch: false, events: [received] }
}

interface Envelope {
  type: string
  subject?: string | undefined
  time?: string | undefined
}

function envelope(
  { type, subject, time: at }: Envelope,
  { tenant, source, url, receivedAt }: EventRequest,
) {
  return {
    tenant,
    source,
    type,
    ...(subject === undefined ? {} : { subject }),
    time: at === undefined ? receivedAt : new Date(at).toISOString(),
    method: 'POST',
    url,
    contentType: 'application/json',
  }
}

const jsonBody = (parts: Parts): Uint8Array => new TextEncoder().encode(parts.get('data') ?? 'null')

function isInCalendar(value: string): boolean {
  const year = new Date(value).getUTCFullYear()
  return year >= 1 && year <= 9999
}
