/** Values that an attribute can have; undefined leaves it out. */
export type AttributeValue = string | number | boolean | readonly string[] | undefined

/** The attributes of a span, by their names. */
export type Attributes = Readonly<Record<string, AttributeValue>>

/** Something that took a while. */
export interface Span {
  name: string
  /** 32 hexadecimal digits. */
  traceId: string
  /** 16 hexadecimal digits. */
  spanId: string
  /** Milliseconds since 1970. */
  startedAt: number
  endedAt: number
  attributes: Attributes
  /** What went wrong; null where nothing did. */
  error: string | null
}

const CLIENT = 3
const UNSET = 0
const FAILED = 2

/** A span in the JSON of OTLP. */
export function encodeSpan(span: Span): string {
  const { name, traceId, spanId, startedAt, endedAt, attributes, error } = span
  return JSON.stringify({
    traceId,
    spanId,
    name,
    kind: CLIENT,
    startTimeUnixNano: nanoseconds(startedAt),
    endTimeUnixNano: nanoseconds(endedAt),
    attributes: encodeAttributes(attributes),
    status: error === null ? { code: UNSET } : { code: FAILED, message: error },
  })
}

/** The body of a request with spans that are encoded already. */
export function encodeRequest(spans: readonly string[], resource: Attributes): string {
  const about = JSON.stringify({ attributes: encodeAttributes(resource) })
  return `{"resourceSpans":[{"resource":${about},"scopeSpans":[{"scope":{"name":"onset"},"spans":[${spans.join(',')}]}]}]}`
}

const nanoseconds = (ms: number): string => String(BigInt(Math.round(ms * 1_000)) * 1_000n)

const encodeAttributes = (attributes: Attributes) =>
  Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: encodeValue(value) }],
  )

// 64-bit integers are strings in the JSON of protocol buffers.
function encodeValue(value: Exclude<AttributeValue, undefined>): object {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value !== 'number') {
    return { arrayValue: { values: value.map((text) => ({ stringValue: text })) } }
  }
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
}
