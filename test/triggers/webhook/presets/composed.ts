import type { KeyObject } from 'node:crypto'
import { readContent } from '../../../../src/contracts/content.ts'
import type { Preset, Reading, Sampling } from '../../../../src/triggers/webhook/preset.ts'
import { openBody } from '../../../../src/triggers/webhook/open-body.ts'
import type { RawRequest } from '../../../../src/triggers/webhook/request.ts'
import { type Judgement, verify } from '../../../../src/triggers/webhook/verify.ts'

/** When the requests of these tests are signed and judged. */
export const now = new Date('2026-05-01T12:00:00Z')

/** A request with the keys that it is held against. */
export interface Composed {
  request: RawRequest
  keys: KeyObject[]
  /** With which it was signed. */
  secret: string
}

/** A correctly signed request of a preset: its first sample, where nothing else is said. */
export function composed(preset: Preset, changes: Partial<Sampling> = {}): Composed {
  const { verifying, signing } = preset.secret.make()
  const [type = ''] = Object.keys(preset.samples)
  const sampling = {
    type,
    data: preset.samples[changes.type ?? type],
    id: 'sample-1',
    now,
    url: 'https://hooks.example.com/hooks/source',
    secret: signing,
    ...changes,
  }
  const request = { ...preset.compose(sampling), address: undefined, proxied: true }
  return { request, keys: [keyOf(preset, verifying)], secret: sampling.secret }
}

/** The key of a secret. Throws where it is none. */
export function keyOf({ secret }: Preset, value: string): KeyObject {
  const key = secret.keyOf(value)
  if (typeof key === 'string') throw new Error(`Expected a key, received one that ${key}.`)
  return key
}

/** What the verifier says to it. */
export const judge = (
  preset: Preset,
  { request, keys }: Pick<Composed, 'request' | 'keys'>,
  nowMs = now.getTime(),
): Promise<Judgement> => verify({ preset, keys }, request, nowMs)

/** The judgement of a request in which this was changed. */
export const judgeChanged = (
  preset: Preset,
  { request, keys }: Composed,
  changes: Partial<RawRequest>,
): Promise<Judgement> =>
  judge(preset, {
    keys,
    request: { ...request, ...changes, headers: { ...request.headers, ...changes.headers } },
  })

/** What a preset reads out of a request that holds. Throws where it does not hold. */
export async function read(preset: Preset, { request, keys }: Composed): Promise<Reading> {
  const judged = await judge(preset, { request, keys })
  if (!judged.verified) throw new Error(judged.reason)
  const { headers, body } = judged.request
  const { volatile = [], opening } = preset
  const closed = { contentType: headers['content-type'] ?? '', body, volatile, opening }
  const { content, ...opened } = openBody(closed)
  const reading = preset.read(judged.request, content.readable ? content.data : undefined)
  if (reading.outcome === 'handshake' || opened.body === body) return reading
  // What a mail is opened as is the event.
  const part = { contentType: opened.contentType, body: opened.body }
  return { ...reading, events: reading.events.map((facts) => ({ part, ...facts })) }
}

/** What it reads out of a body that was signed, whatever it is. */
export function readBody(
  preset: Preset,
  body: string | Uint8Array,
  contentType = 'application/json',
): Promise<Reading> {
  const { request, keys, secret } = composed(preset)
  const headers = { ...request.headers, 'content-type': contentType }
  const trusting: Preset = { ...preset, verify: () => ({ valid: true, key: 0 }) }
  return read(trusting, {
    request: { ...request, headers, body: Buffer.from(body) },
    keys,
    secret,
  })
}

/** The events of a reading, each with the JSON of its part. */
export function eventsOf(reading: Reading) {
  if (reading.outcome !== 'events') throw new Error('Expected events, received a handshake.')
  return reading.events.map(({ part, ...facts }) => ({
    ...facts,
    data: part === undefined ? undefined : readContent(part.contentType, part.body),
  }))
}
