import type { ReceivedEvent } from '../../contracts/event.ts'
import { DEFAULT_TENANT } from '../../contracts/names.ts'
import { bringsCloudEvents, isBinaryMode, readCloudEvents } from '../../inbox/cloud-events.ts'
import type { Preset } from './preset.ts'
import type { Verified } from './verify.ts'

// As much as our own API takes. One CloudEvent should have 64 KB at most.
const LARGEST = 1024 * 1024

/** What a verified request brings: no CloudEvents, some, or what says that it is some and is not. */
export type SentCloudEvents =
  | { outcome: 'none' | 'invalid' }
  | { outcome: 'events'; events: ReceivedEvent[] }

/** Reads the CloudEvents of a sender that may send some, in the structured, batch or binary mode. */
export function readSentCloudEvents(
  request: Verified,
  { preset, source, now }: { preset: Preset; source: string; now: Date },
): SentCloudEvents {
  const { url, headers, body } = request
  if (preset.cloudEvents !== true || !bringsCloudEvents(headers)) return { outcome: 'none' }
  if (body.length > LARGEST) return { outcome: 'invalid' }
  const receivedAt = now.toISOString()
  const tenant = DEFAULT_TENANT
  const reading = readCloudEvents({ tenant, source, url, headers, body, receivedAt })
  if (reading.outcome !== 'read') return { outcome: 'invalid' }
  if (!isBinaryMode(headers)) return { outcome: 'events', events: reading.events }

  // The attributes stand in headers that nobody signs: without a signed key, equal content is the same event.
  const facts = preset.read(request, undefined)
  const key = facts.outcome === 'events' ? facts.events[0]?.key : undefined
  const isSigned = key !== undefined && preset.keyIsUnsigned !== true
  const events = reading.events.map((event) => ({
    ...event,
    ...(key === undefined ? {} : { key }),
    ...(isSigned ? {} : { digestIsKey: true }),
  }))
  return { outcome: 'events', events }
}
