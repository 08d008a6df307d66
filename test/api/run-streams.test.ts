import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { Problem } from '../../src/api/schemas.ts'
import { completed, deltas, openApi } from './open-api.ts'

const { api, report } = await openApi()
const listening = Promise.withResolvers<AddressInfo>()
const server = serve({ fetch: api.fetch, port: 0, hostname: '127.0.0.1' }, listening.resolve)
const { port } = await listening.promise
afterAll(() => void server.close())

const sockets: Socket[] = []
afterEach(() => {
  vi.useRealTimers()
  for (const socket of sockets.splice(0)) socket.destroy()
})

const ids = { next: 0 }

function newRun(): string {
  ids.next += 1
  return `triageIssue:github:${ids.next}`
}

interface Received {
  id: string
  event: string
  data: string
}

const open = (runId: string, lastEventId?: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}/api/runs/${runId}/events`, {
    headers: {
      authorization: 'Bearer token-1',
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
  })

/** Reads until the stream ends, or until `count` events have come. */
async function readEvents(response: Response, count = Infinity): Promise<Received[]> {
  const events: Received[] = []
  const decoder = new TextDecoder()
  let text = ''
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const match = /^id: (.*)\nevent: (.*)\ndata: (.*)$/.exec(block)
      if (match !== null)
        events.push({ id: match[1] ?? '', event: match[2] ?? '', data: match[3] ?? '' })
      if (events.length === count) return events
    }
  }
  return events
}

/** A reader that takes nothing from its connection before it is resumed. */
async function openPaused(runId: string, lastEventId = ''): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  sockets.push(socket)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  const headers = `Host: localhost\r\nAuthorization: Bearer token-1\r\nLast-Event-ID: ${lastEventId}`
  socket.write(`GET /api/runs/${runId}/events HTTP/1.1\r\n${headers}\r\n\r\n`)
  await once(socket, 'readable')
  return socket
}

const big = (index: number) => ({
  type: 'llm.delta' as const,
  data: { step: 'triage', attempt: 1, text: `${index} ${'x'.repeat(1_000_000)}` },
})

test('a finished run is replayed from beginning to end', async () => {
  const runId = newRun()
  await report(runId, [...deltas(250), completed])
  const response = await open(runId)
  const events = await readEvents(response)

  expect(response.status).toBe(200)
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  })
  expect(events).toHaveLength(252)
  expect(events[0]).toMatchObject({ id: `${runId}:1`, event: 'run.started' })
  expect(JSON.parse(events[1]?.data ?? '')).toMatchObject({ text: 'text 0\r\n' })
  expect(events.at(-1)).toEqual({
    id: `${runId}:252`,
    event: 'run.completed',
    data: '{"output":{"ok":true},"last":true}',
  })
})

test('the stream begins by saying when to come back', async () => {
  const runId = newRun()
  await report(runId, [completed])

  expect(await (await open(runId)).text()).toMatch(/^retry: 2000\n\nid: /)
})

test('a reader gets what happens as it happens, and the end', async () => {
  const runId = newRun()
  await report(runId, [])
  const response = await open(runId)
  const reading = readEvents(response)
  for (let start = 0; start < 50; start += 10) await report(runId, deltas(10, start))
  await report(runId, [completed])

  expect((await reading).map(({ id }) => id)).toEqual(
    Array.from({ length: 52 }, (_, index) => `${runId}:${index + 1}`),
  )
})

test('resuming at every cut leaves no gap and repeats nothing', async () => {
  const runId = newRun()
  await report(runId, [...deltas(30), completed])
  const all = await readEvents(await open(runId))

  for (const [index, { id }] of all.slice(0, -1).entries()) {
    expect(await readEvents(await open(runId, id))).toEqual(all.slice(index + 1))
  }
})

test('readers who come at any moment of a live run all get the same', async () => {
  const runId = newRun()
  await report(runId, [])
  const readings: Promise<Received[]>[] = []
  for (let start = 0; start < 40; start += 2) {
    readings.push(open(runId).then((response) => readEvents(response)))
    await report(runId, deltas(2, start))
  }
  await report(runId, [completed])
  const [first, ...others] = await Promise.all(readings)

  expect(first).toHaveLength(42)
  for (const other of others) expect(other).toEqual(first)
})

test('a reader who is cut off while the run goes on misses nothing', async () => {
  const runId = newRun()
  await report(runId, [])
  const seen: Received[] = []
  for (let start = 0; start < 20; start += 2) {
    const response = await open(runId, seen.at(-1)?.id)
    await report(runId, deltas(2, start))
    seen.push(...(await readEvents(response, 2)))
  }
  await report(runId, [completed])
  seen.push(...(await readEvents(await open(runId, seen.at(-1)?.id))))

  expect(seen.map(({ id }) => id)).toEqual(
    Array.from({ length: 22 }, (_, index) => `${runId}:${index + 1}`),
  )
})

test('a run that has ended and was read to its end is answered 204', async () => {
  const runId = newRun()
  await report(runId, [completed])
  const last = (await readEvents(await open(runId))).at(-1)
  const response = await open(runId, last?.id)

  expect(response.status).toBe(204)
  expect(await response.text()).toBe('')
})

test.each(['1', '%RUN%:1'])('?after=%s resumes too', async (after) => {
  const runId = newRun()
  await report(runId, [completed])
  const response = await fetch(
    `http://127.0.0.1:${port}/api/runs/${runId}/events?after=${after.replace('%RUN%', runId)}`,
    { headers: { authorization: 'Bearer token-1' } },
  )

  expect((await readEvents(response)).map(({ event }) => event)).toEqual(['run.completed'])
})

test.each([
  'triageIssue:github:other:1',
  '%RUN%',
  '%RUN%:',
  '%RUN%:-1',
  '%RUN%:1.5',
  '%RUN%:99999999999',
  '%RUN%:4294967296',
  'one',
])('the id %s is answered 400', async (lastEventId) => {
  const runId = newRun()
  await report(runId, [])
  const response = await open(runId, lastEventId.replace('%RUN%', runId))

  expect(response.status).toBe(400)
  expect(Problem.parse(await response.json())).toMatchObject({ code: 'invalid_request' })
})

test('HEAD is answered with the headers alone', async () => {
  const runId = newRun()
  await report(runId, [])
  const response = await fetch(`http://127.0.0.1:${port}/api/runs/${runId}/events`, {
    method: 'HEAD',
    headers: { authorization: 'Bearer token-1' },
  })

  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
})

test('a silent stream is kept alive by one timer for all', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const runId = newRun()
  await report(runId, [])
  const before = vi.getTimerCount()
  const responses = await Promise.all([open(runId), open(runId)])
  const readings = responses.map((response) => response.text())
  const timers = vi.getTimerCount()
  vi.advanceTimersByTime(30_000)
  vi.useRealTimers()
  await report(runId, [completed])

  for (const text of await Promise.all(readings)) expect(text.split(': hb\n\n')).toHaveLength(3)
  // One of the streams, one of the log that looks once a second.
  expect(timers - before).toBeLessThanOrEqual(2)
})

test('a reader who does not keep up is dropped, can resume, and disturbs nobody', async () => {
  const runId = newRun()
  await report(runId, [])
  const slow = await openPaused(runId)
  const fast = open(runId).then((response) => readEvents(response))
  const dropped = once(slow, 'close')
  for (let index = 0; index < 16; index += 1) await report(runId, [big(index)])
  await report(runId, [completed])

  expect(await fast).toHaveLength(18)
  let text = ''
  slow.on('data', (bytes) => (text += bytes.toString('latin1')))
  await dropped
  const lastId = [...text.matchAll(/^id: (.*)$/gm)].at(-2)?.[1] ?? ''
  expect(text).not.toContain('run.completed')
  const rest = await readEvents(await open(runId, lastId))
  expect(rest.length + Number(lastId.split(':').at(-1))).toBe(18)
})

test('a slow reader of what lies in store is waited for', async () => {
  const runId = newRun()
  await report(runId, [...Array.from({ length: 12 }, (_, index) => big(index)), completed])
  const socket = await openPaused(runId)
  let text = ''
  for await (const bytes of socket) {
    text += String(bytes)
    if (text.endsWith('\r\n0\r\n\r\n')) break
  }

  expect([...text.matchAll(/^id: /gm)]).toHaveLength(14)
  expect(text).toContain('run.completed')
})

test('a reader who leaves changes nothing in the run', async () => {
  const runId = newRun()
  await report(runId, [])
  const abort = new AbortController()
  const response = await fetch(`http://127.0.0.1:${port}/api/runs/${runId}/events`, {
    signal: abort.signal,
    headers: { authorization: 'Bearer token-1' },
  })
  await readEvents(response, 1)
  abort.abort()
  await report(runId, [...deltas(1), completed])

  expect(await readEvents(await open(runId))).toHaveLength(3)
})
