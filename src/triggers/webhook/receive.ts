import { mediaTypeOf, readContent } from '../../contracts/content.ts'
import type { ReceivedEvent } from '../../contracts/event.ts'
import { withoutCredentials } from '../../contracts/headers.ts'
import { DEFAULT_TENANT } from '../../contracts/names.ts'
import type { Preset, RawRequest, SigningKey } from './preset.ts'

/** An endpoint that is ready to receive: a source with its keys. */
export interface Endpoint {
  source: string
  preset: Preset
  keys: readonly SigningKey[]
  limitBytes: number
}

/** A delivery that was read, or the reason why it gets no further. */
export type Delivery = { verified: true; event: ReceivedEvent } | { verified: false }

/**
 * Verifies the raw bytes, and only then reads them. A body that was signed and cannot be read is an event all the
 * same, marked for quarantine.
 */
export function receive(
  { source, preset, keys }: Endpoint,
  request: RawRequest & { method: string; url: string },
  now: Date,
): Delivery {
  if (!preset.verify(request, keys, now.getTime())) return { verified: false }

  const { headers, body, method, url } = request
  const contentType = headers['content-type'] ?? ''
  const content = readContent(contentType, body)
  const facts = preset.read(request, content.readable ? content.data : undefined)
  return {
    verified: true,
    event: {
      tenant: DEFAULT_TENANT,
      source,
      ...facts,
      time: timeOf(facts.time, now),
      method,
      url,
      headers: withoutCredentials(headers),
      contentType,
      body,
      hops: 0,
      ...(content.readable ? {} : { quarantine: 'body_unreadable' }),
    },
  }
}

/** Whether the endpoint takes bodies of this type. */
export const takesType = ({ preset }: Endpoint, contentType: string): boolean =>
  preset.mediaTypes.includes(mediaTypeOf(contentType))

// A sender whose clock is outside of the calendar that everybody can write down has none.
const EARLIEST_MS = Date.parse('0001-01-01T00:00:00Z')
const LATEST_MS = Date.parse('9999-12-31T23:59:59Z')

function timeOf(said: string | undefined, now: Date): string {
  const time = said === undefined ? now : new Date(said)
  const isInCalendar = time.getTime() >= EARLIEST_MS && time.getTime() <= LATEST_MS
  return (isInCalendar ? time : now).toISOString()
}
