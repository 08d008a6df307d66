import { expect, test } from 'vitest'
import { Problem } from '../../src/api/schemas.ts'
import { completed, deltas } from './open-api.ts'
import { openStreams, readEvents, type Received } from './open-streams.ts'

const { report, newRun, open } = await openStreams()

test('a finished run is replayed from beginning to end', async () => {
  const runId = await newRun()
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
  const runId = await newRun()
  await report(runId, [completed])

  expect(await (await open(runId)).text()).toMatch(/^retry: 2000\n\nid: /)
})

test('a reader gets what happens as it happens, and the end', async () => {
  const runId = await newRun()
  const response = await open(runId)
  const reading = readEvents(response)
  for (let start = 0; start < 50; start += 10) await report(runId, deltas(10, start))
  await report(runId, [completed])

  expect((await reading).map(({ id }) => id)).toEqual(
    Array.from({ length: 52 }, (_, index) => `${runId}:${index + 1}`),
  )
})

test('resuming at every cut leaves no gap and repeats nothing', async () => {
  const runId = await newRun()
  await report(runId, [...deltas(30), completed])
  const all = await readEvents(await open(runId))

  for (const [index, { id }] of all.slice(0, -1).entries()) {
    expect(await readEvents(await open(runId, id))).toEqual(all.slice(index + 1))
  }
})

test('readers who come at any moment of a live run all get the same', async () => {
  const runId = await newRun()
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
  const runId = await newRun()
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
  const runId = await newRun()
  await report(runId, [completed])
  const last = (await readEvents(await open(runId))).at(-1)
  const response = await open(runId, last?.id)

  expect(response.status).toBe(204)
  expect(await response.text()).toBe('')
})

test.each(['1', '%RUN%:1'])('?after=%s resumes too', async (after) => {
  const runId = await newRun()
  await report(runId, [completed])
  const response = await open(runId, undefined, { after: after.replace('%RUN%', runId) })

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
  const runId = await newRun()
  const response = await open(runId, lastEventId.replace('%RUN%', runId))

  expect(response.status).toBe(400)
  expect(Problem.parse(await response.json())).toMatchObject({ code: 'invalid_request' })
})

test('HEAD is answered with the headers alone', async () => {
  const runId = await newRun()
  const response = await open(runId, undefined, { method: 'HEAD' })

  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
})

test('a reader who leaves changes nothing in the run', async () => {
  const runId = await newRun()
  const abort = new AbortController()
  const response = await open(runId, undefined, { signal: abort.signal })
  await readEvents(response, 1)
  abort.abort()
  await report(runId, [...deltas(1), completed])

  expect(await readEvents(await open(runId))).toHaveLength(3)
})
