import type { IncomingMessage } from 'node:http'
import { isUtf8, mediaTypeOf } from '../../contracts/content.ts'
import { type IsListed, originOf } from './addresses.ts'
import type { BodyRoom } from './body-room.ts'
import { codingOf } from './content-coding.ts'
import type { Endpoint } from './endpoint.ts'
import { pathOf, publicBaseOf } from './public-url.ts'
import type { Refusal } from './refusal.ts'
import type { RawRequest } from './request.ts'

/** A request of which the head has come. */
export interface Arrival extends Omit<RawRequest, 'body' | 'address'> {
  address: string
  /** Path and query as they came. */
  path: string
  /** The part of `url` before the path. */
  publicUrl: string
}

/** What the door knows of the world around it. */
export interface Surroundings {
  isProxy: IsListed
  /** Under which URL senders reach us; as the request says where absent. */
  publicUrl?: string | undefined
  /** Whether the inbox has more to do than it is to take. */
  isShedding(): boolean
}

/** Reads the head of a request. */
export function arrivalOf(
  incoming: IncomingMessage,
  { isProxy, publicUrl: configured }: Surroundings,
): Arrival {
  const headers = headersOf(incoming)
  const { address, proxied } = originOf({
    peer: incoming.socket.remoteAddress ?? '',
    forwardedFor: headers['x-forwarded-for'],
    isProxy,
  })
  const publicUrl = publicBaseOf(headers, { configured, proxied })
  const path = pathOf(incoming.url ?? '')
  const url = `${publicUrl}${path}`
  return { method: incoming.method ?? '', url, headers, address, proxied, path, publicUrl }
}

// As Node has read them: making Headers of them and reading those again costs as much as a signature.
function headersOf(incoming: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const name in incoming.headers) {
    const value = incoming.headers[name]
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(', ')
  }
  return headers
}

/** Why a request gets no further than its head; null where its body may be read. */
export function stopAtDoor(
  { preset, limitBytes, allows }: Endpoint,
  { headers, address }: Arrival,
  { isShedding, room }: { isShedding: boolean; room: Pick<BodyRoom, 'hasRoomFor'> },
): Refusal | null {
  if (allows?.(address) === false) {
    return {
      code: preset.stopsOn?.includes(403) === true ? 'unauthorized' : 'forbidden',
      detail: 'Webhooks of this source are not taken from this address.',
      step: 'address',
      reason: `${address} is not on the list of addresses.`,
    }
  }
  const contentType = headers['content-type'] ?? ''
  const mediaType = mediaTypeOf(contentType)
  if (!takes(preset, mediaType)) {
    const expected = preset.mediaTypes.join(' or ')
    return unsupported(`Expected ${expected}, received '${mediaType.slice(0, 100)}'.`)
  }
  if (mediaType !== 'multipart/form-data' && !isUtf8(contentType)) {
    return unsupported(`Expected UTF-8, received '${contentType.slice(0, 100)}'.`)
  }
  const encoding = headers['content-encoding']
  if (codingOf(encoding) === null) {
    return unsupported(`Expected gzip, deflate, br or none, received '${encoding?.slice(0, 100)}'.`)
  }
  if (isShedding && preset.retries) return overloaded('The inbox is above its bounds.')
  const declared = Number(headers['content-length'] ?? 0)
  if (declared > limitBytes) return tooLarge(limitBytes)
  return room.hasRoomFor(declared) ? null : noRoom()
}

/** Whether there is a body that nobody has read. */
export const hasBody = ({ headers }: Arrival): boolean =>
  'transfer-encoding' in headers || (headers['content-length'] ?? '0') !== '0'

/** A body is larger than its endpoint takes. */
export function tooLarge(limitBytes: number): Refusal {
  const detail = `The body is larger than ${limitBytes} bytes.`
  return { code: 'body_too_large', detail, step: 'size', reason: detail }
}

function takes({ mediaTypes, cloudEvents }: Endpoint['preset'], mediaType: string): boolean {
  if (mediaTypes.includes('*/*') || mediaTypes.includes(mediaType)) return true
  return cloudEvents === true && CLOUD_EVENTS.includes(mediaType)
}

const CLOUD_EVENTS = ['application/cloudevents+json', 'application/cloudevents-batch+json']

const unsupported = (detail: string): Refusal => ({
  code: 'unsupported_media_type',
  detail,
  step: 'content',
  reason: detail,
})

// Spread out, so that senders who were refused together do not come back together.
const LEAST_WAIT_SECONDS = 5
const MOST_WAIT_SECONDS = 15

/** The bodies that are being read leave no room for another large one. */
export const noRoom = (): Refusal => overloaded('Too many large bodies are being read.')

function overloaded(reason: string): Refusal {
  const range = MOST_WAIT_SECONDS - LEAST_WAIT_SECONDS + 1
  return {
    code: 'overloaded',
    detail: 'There is more to do than can be taken. Deliver it again later.',
    step: 'overload',
    reason,
    retryAfterSeconds: LEAST_WAIT_SECONDS + Math.floor(Math.random() * range),
  }
}
