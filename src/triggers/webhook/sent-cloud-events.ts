import type { ReceivedEvent } from '../../contracts/event.ts'
import { DEFAULT_TENANT } from '../../contracts/names.ts'
import { bringsCloudEvents, isBinaryMode, readCloudEvents } from '../../inbox/cloud-events.ts'
import type { Preset } from './preset.ts'
import type { Verified } from './verify.ts'

// As much as our own API takes. One CloudEvent should have 64 KB at most.
const LARGEST = 1024 * 1024
// Without these an event of the binary mode is not the one that its sender meant.
const ESSENTIAL = ['ce-id', 'ce-source', 'ce-type']

/** What a verified request brings: no CloudEvents, some, or what says that it is some and is not. */
export type SentCloudEvents =
  | { outcome: 'none' | 'invalid' }
  | { outcome: 'events'; events: ReceivedEvent[] }

/**
 * Reads the CloudEvents of a sender that may send some, in the structured and batch modes, and in the binary mode where
 * its headers are signed or nothing but the connection is: whoever has one request could write others beside it.
 */
export function readSentCloudEvents(
  request: Verified,
  { preset, source, now }: { preset: Preset; source: string; now: Date },
): SentCloudEvents {
  const { url, body } = request
  if (preset.cloudEvents !== true) return { outcome: 'none' }
  const headers = believed(request.headers, preset)
  if (!bringsCloudEvents(headers)) return { outcome: 'none' }
  if (body.length > LARGEST) return { outcome: 'invalid' }
  const receivedAt = now.toISOString()
  const tenant = DEFAULT_TENANT
  const reading = readCloudEvents({ tenant, source, url, headers, body, receivedAt })
  return reading.outcome === 'read'
    ? { outcome: 'events', events: reading.events }
    : { outcome: 'invalid' }
}

function believed(
  headers: Record<string, string>,
  { signsBody, signedHeaders = [] }: Preset,
): Record<string, string> {
  if (signsBody === false || !isBinaryMode(headers)) return headers
  const isBelieved = ESSENTIAL.every((name) => signedHeaders.includes(name))
  const others = Object.entries(headers).filter(
    ([name]) =>
      !name.startsWith('ce-') ||
      (isBelieved && (name === 'ce-specversion' || signedHeaders.includes(name))),
  )
  return Object.fromEntries(others)
}
