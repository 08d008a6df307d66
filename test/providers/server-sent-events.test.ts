import { expect, test } from 'vitest'
import { readServerSentEvents } from '../../src/providers/server-sent-events.ts'

async function read(pieces: Uint8Array[]): Promise<string[]> {
  const all: string[] = []
  await readServerSentEvents(ReadableStream.from(pieces), (data) => {
    all.push(data)
    return 'more'
  })
  return all
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

const text =
  '\uFEFF: hello\r\n\r\nevent: x\ndata: {"a":"é€😀"}\n\ndata:one\rdata: two\r\r\n\ndata: last'
const events = ['{"a":"é€😀"}', 'one\ntwo', 'last']

test('events read the same, wherever the stream is cut', async () => {
  const bytes = bytesOf(text)

  for (let at = 0; at <= bytes.length; at += 1) {
    expect(await read([bytes.slice(0, at), bytes.slice(at)])).toEqual(events)
  }
})

test('events read the same, byte by byte', async () => {
  const bytes = bytesOf(text)

  expect(await read(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(events)
})

test('an empty stream has no events', async () => {
  expect(await read([])).toEqual([])
})

test('nothing is read after the event that ends it, and the body is read to its end', async () => {
  const seen: string[] = []
  let closed = false
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytesOf('data: one\n\ndata: [DONE]\n\ndata: two\n\n'))
    },
    pull(controller) {
      closed = true
      controller.close()
    },
  })

  await readServerSentEvents(body, (data) => {
    seen.push(data)
    return data === '[DONE]' ? 'done' : 'more'
  })

  expect(seen).toEqual(['one', '[DONE]'])
  await expect.poll(() => closed).toBe(true)
})

test('whoever throws over an event closes the connection', async () => {
  const { promise: cancelled, resolve } = Promise.withResolvers<void>()
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(bytesOf('data: one\n\n')),
    cancel: () => resolve(),
  })

  const reading = readServerSentEvents(body, () => {
    throw new Error('No.')
  })

  await expect(reading).rejects.toThrow('No.')
  await cancelled
})

test('an event without end is not kept in memory for ever', async () => {
  let sent = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 1
      controller.enqueue(bytesOf(`${sent === 1 ? 'data: ' : ''}${'a'.repeat(1_000_000)}`))
    },
  })

  await expect(readServerSentEvents(body, () => 'more')).rejects.toThrow('at most 16000000')

  expect(sent).toBeLessThan(20)
})

test('a long event in many pieces is read in time that grows with its length', async () => {
  const piece = 'a'.repeat(1_000)
  const pieces = ['data: ', ...Array.from({ length: 4_000 }, () => piece), '\n\n'].map(bytesOf)
  const startedAt = performance.now()

  const [event] = await read(pieces)

  expect(event).toHaveLength(4_000_000)
  // Looking at everything again for each piece takes 8 s and more.
  expect(performance.now() - startedAt).toBeLessThan(2_000)
})
