import { expect, test } from 'vitest'
import { readServerSentEvents } from '../../src/providers/server-sent-events.ts'

async function read(pieces: Uint8Array[]): Promise<string[]> {
  const all: string[] = []
  for await (const events of readServerSentEvents(ReadableStream.from(pieces))) all.push(...events)
  return all
}

const text = ': hello\r\n\r\nevent: x\ndata: {"a":"é€😀"}\n\ndata:one\rdata: two\r\r\n\ndata: last'

test('events read the same, wherever the stream is cut', async () => {
  const bytes = new TextEncoder().encode(text)

  for (let at = 0; at <= bytes.length; at += 1) {
    const events = await read([bytes.slice(0, at), bytes.slice(at)])
    expect(events).toEqual(['{"a":"é€😀"}', 'one\ntwo', 'last'])
  }
})

test('a reader that leaves early ends the connection', async () => {
  let cancelled = false
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode('data: 1\n\n')),
    cancel: () => {
      cancelled = true
    },
  })

  for await (const events of readServerSentEvents(body)) if (events.length > 0) break

  expect(cancelled).toBe(true)
})
