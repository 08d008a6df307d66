import { createReceive } from '../../../src/triggers/webhook/receive.ts'
import { openBody } from '../../../src/triggers/webhook/open-body.ts'
import type { ReceivedEvent } from '../../../src/contracts/event.ts'
import type { Preset } from '../../../src/triggers/webhook/preset.ts'
import type { RawRequest } from '../../../src/triggers/webhook/request.ts'
import { type Composed, now } from './presets/composed.ts'

const receive = createReceive((closed) => openBody(closed))

/** The only event that a request brings to an endpoint, with these changes to the request. Throws where it is not one. */
export async function received(
  preset: Preset,
  { request, keys }: Pick<Composed, 'request' | 'keys'>,
  changes: Partial<RawRequest> = {},
): Promise<ReceivedEvent> {
  const endpoint = { source: 'source', preset, keys, limitBytes: 1024 * 1024 }
  const headers = { ...request.headers, ...changes.headers }
  const outcome = await receive(endpoint, { ...request, ...changes, headers }, now)
  if (outcome.outcome !== 'events') throw new Error(`Expected events, received ${outcome.outcome}.`)
  const [event, second] = outcome.delivery.events
  if (event === undefined || second !== undefined) throw new Error('Expected one event.')
  return event
}

/** What the inbox tells two events apart by: their keys, and the digests where nobody signed the keys. */
export function areOne(one: ReceivedEvent, other: ReceivedEvent): boolean {
  const equal = Buffer.from(one.digest).equals(other.digest)
  return one.key === other.key || (one.digestIsKey === true && other.digestIsKey === true && equal)
}
