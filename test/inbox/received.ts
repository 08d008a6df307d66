import { digestOf } from '../../src/inbox/digest.ts'
import type { ReceivedEvent } from '../../src/contracts/event.ts'

/** A verified event of the source `test`, as it is offered to the inbox. */
export function received(key: string, changes: Partial<ReceivedEvent> = {}): ReceivedEvent {
  const { body = Buffer.from(JSON.stringify({ key })) } = changes
  return {
    tenant: 'default',
    source: 'test',
    key,
    type: 'tested',
    time: new Date(0).toISOString(),
    method: 'POST',
    url: 'http://localhost/',
    headers: { 'x-test': 'yes' },
    contentType: 'application/json',
    hops: 0,
    digest: digestOf(body),
    ...changes,
    body,
  }
}
