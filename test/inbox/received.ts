import type { ReceivedEvent } from '../../src/contracts/event.ts'

/** A verified event of the source `test`, as it is offered to the inbox. */
export const received = (key: string, changes: Partial<ReceivedEvent> = {}): ReceivedEvent => ({
  tenant: 'default',
  source: 'test',
  key,
  type: 'tested',
  time: new Date(0).toISOString(),
  method: 'POST',
  url: 'http://localhost/',
  headers: { 'x-test': 'yes' },
  contentType: 'application/json',
  body: Buffer.from(JSON.stringify({ key })),
  hops: 0,
  ...changes,
})
