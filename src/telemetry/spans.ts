import type { Logger } from 'pino'
import { encodeRequest, encodeSpan, type Span } from './otlp.ts'

/** Takes spans on their way to a collector. */
export interface Spans {
  /** Returns at once and never throws: what the collector cannot take is dropped. */
  export(span: Span): void
  /** Sends what is left, for 5 s at most. */
  close(): Promise<void>
}

interface SpansOptions {
  /** Base address of the collector; nothing is sent where it is absent. */
  endpoint: string | undefined
  /** `name=value` separated by commas, values percent-encoded, as OTEL_EXPORTER_OTLP_HEADERS has them. */
  headers?: string | undefined
  serviceName: string
  log: Pick<Logger, 'warn'>
  /** Between two requests. Default 1,000. */
  everyMs?: number
  /** For one request. Default 10,000. */
  timeoutMs?: number
}

// A collector that is away for a minute misses nothing at 30 calls a second.
const MOST_SPANS = 2_048
const MOST_CHARACTERS = 16_000_000
const SPANS_AT_ONCE = 256
// Collectors refuse bodies of some megabytes.
const CHARACTERS_AT_ONCE = 2_000_000
const CLOSE_WITHIN_MS = 5_000

/** Sends spans as OTLP over HTTP, in JSON, some at a time. */
export function createSpans(options: SpansOptions): Spans {
  const { endpoint, headers = '', serviceName, log, everyMs = 1_000, timeoutMs = 10_000 } = options
  if (endpoint === undefined) return { export: () => undefined, close: async () => undefined }

  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`
  const request = { 'content-type': 'application/json', ...readHeaders(headers) }
  const resource = { 'service.name': serviceName }
  const closing = new AbortController()
  let queue: string[] = []
  let characters = 0
  let timer: NodeJS.Timeout | undefined
  let underWay: Promise<void> | undefined
  /** Whether the collector is known not to take spans: that is said once. */
  let failing = false

  return {
    export(span) {
      const encoded = encodeSpan(span)
      if (queue.length >= MOST_SPANS || characters + encoded.length > MOST_CHARACTERS) {
        return drop(1, 'too many are waiting')
      }
      queue.push(encoded)
      characters += encoded.length
      later()
    },
    async close() {
      clearTimeout(timer)
      const giveUp = setTimeout(() => closing.abort(), CLOSE_WITHIN_MS)
      while (underWay !== undefined || queue.length > 0) await (underWay ?? send())
      clearTimeout(giveUp)
    },
  }

  function later(): void {
    if (timer !== undefined || underWay !== undefined) return
    timer = setTimeout(() => void send(), everyMs)
    // Spans keep no process alive.
    timer.unref()
  }

  function send(): Promise<void> {
    timer = undefined
    const batch: string[] = []
    let length = 0
    for (const span of queue.slice(0, SPANS_AT_ONCE)) {
      length += span.length
      if (length > CHARACTERS_AT_ONCE && batch.length > 0) break
      characters -= span.length
      batch.push(span)
    }
    queue = queue.slice(batch.length)
    underWay = deliver(batch)
    return underWay
  }

  async function deliver(batch: string[]): Promise<void> {
    const fault = await post(batch)
    if (fault === null) failing = false
    else drop(batch.length, fault)
    underWay = undefined
    if (queue.length > 0 && !closing.signal.aborted) later()
  }

  async function post(batch: string[]): Promise<string | null> {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: request,
        body: encodeRequest(batch, resource),
        signal: AbortSignal.any([closing.signal, AbortSignal.timeout(timeoutMs)]),
      })
      await response.body?.cancel()
      return response.ok ? null : `it answered ${response.status}`
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }

  function drop(spans: number, reason: string): void {
    if (failing) return
    failing = true
    log.warn({ endpoint, spans, reason }, 'the collector takes no spans: they are dropped')
  }
}

function readHeaders(text: string): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const pair of text.split(',')) {
    const [name = '', ...value] = pair.split('=')
    if (name.trim() !== '') headers[name.trim()] = decode(value.join('=').trim())
  }
  return headers
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
