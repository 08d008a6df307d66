import { once } from 'node:events'
import { afterEach, expect, test, vi } from 'vitest'
import { completed } from './open-api.ts'
import { openStreams, readEvents } from './open-streams.ts'

const { report, newRun, open, openPaused, server } = await openStreams()
// Servers that have no stream open, and so no timer, before their test begins.
const withSilence = await openStreams()
const withStuckReader = await openStreams()

afterEach(() => {
  vi.useRealTimers()
})

const big = (index: number) => ({
  type: 'llm.delta' as const,
  data: { step: 'triage', attempt: 1, text: `${index} ${'x'.repeat(1_000_000)}` },
})

test('an open stream can be told from other answers by its headers', async () => {
  const runId = await newRun()
  const asked = once(server, 'request')
  await open(runId)
  const [, response] = await asked

  expect(Object(response).getHeader('content-type')).toBe('text/event-stream; charset=utf-8')
})

test('a silent stream is kept alive by one timer for all', async () => {
  const streams = withSilence
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const runId = await streams.newRun()
  const before = vi.getTimerCount()
  const responses = await Promise.all([streams.open(runId), streams.open(runId)])
  const readings = responses.map((response) => response.text())
  const timers = vi.getTimerCount()
  vi.advanceTimersByTime(30_000)
  vi.useRealTimers()
  await streams.report(runId, [completed])

  for (const text of await Promise.all(readings)) expect(text.split(': hb\n\n')).toHaveLength(3)
  // One of the streams, one of the log that looks once a second.
  expect(timers - before).toBeLessThanOrEqual(2)
})

test('a reader who does not keep up is dropped, can resume, and disturbs nobody', async () => {
  const runId = await newRun()
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
  const runId = await newRun()
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

test('a reader who takes nothing at the end either is dropped', async () => {
  const streams = withStuckReader
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const runId = await streams.newRun()
  const stuck = await streams.openPaused(runId)
  const fast = streams.open(runId).then((response) => readEvents(response))
  const output = 'x'.repeat(12_000_000)
  await streams.report(runId, [{ type: 'run.completed', data: { output, last: true } }])
  expect(await fast).toHaveLength(2)
  vi.advanceTimersByTime(45_000)
  let text = ''
  for await (const bytes of stuck) text += String(bytes)

  expect(text).toContain('event: run.completed')
  expect(text.length).toBeLessThan(12_000_000)
})
