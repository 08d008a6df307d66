import { expect, test } from 'vitest'
import { collect } from '../workflows/collect.ts'
import { openTestHouse } from '../house.ts'
import { startsTestWorkflow } from '../triggers.ts'

const { call, startRun, runThat, startWorker } = await openTestHouse({
  catalogue: { collects: startsTestWorkflow('collect', collect.name) },
})
let worker = await startWorker()

const send = (subject: string, id: string) =>
  call('/api/events', { body: { type: 'part', subject, id, data: { id } } })

const MINUTE_MS = 60_000

const keysOf = (result: unknown): string => JSON.stringify(result)

test('an event that comes while a run waits for it wakes the run', async () => {
  const id = await startRun('collect', { subject: 'late', count: 1, timeoutMs: MINUTE_MS })
  await runThat(id, ({ status, waitingFor }) => status === 'waiting' && waitingFor === 'event')

  await send('late', 'late-1')

  const run = await runThat(id, ({ status }) => status === 'completed')
  expect(keysOf(run.result)).toContain('late-1')
})

test('an event that comes before the run waits for it is not lost', async () => {
  await worker.close()
  const id = await startRun('collect', { subject: 'early', count: 1, timeoutMs: MINUTE_MS })
  await send('early', 'early-1')

  worker = await startWorker()

  const run = await runThat(id, ({ status }) => status === 'completed')
  expect(keysOf(run.result)).toContain('early-1')
})

test('each event answers a run once, in the order in which they came', async () => {
  const id = await startRun('collect', { subject: 'many', count: 3, timeoutMs: MINUTE_MS })
  for (const part of ['many-1', 'many-2', 'many-3']) await send('many', part)

  const run = await runThat(id, ({ status }) => status === 'completed')

  expect(keysOf(run.result)).toMatch(/many-1.*many-2.*many-3/)
})

test('an event that comes at the same moment as its wait is found exactly once', async () => {
  const subjects = Array.from({ length: 20 }, (_, index) => `same-${index}`)

  const runs = await Promise.all(
    subjects.map(async (subject) => {
      const [id] = await Promise.all([
        startRun('collect', { subject, count: 1, timeoutMs: MINUTE_MS }),
        call('/api/events', { body: { type: 'noise', subject } }),
      ])
      await send(subject, `${subject}-part`)
      return runThat(id, ({ status }) => status === 'completed')
    }),
  )

  runs.forEach((run, index) => expect(keysOf(run.result)).toContain(`same-${index}-part`))
})

test('events about something else, and those from before the run, do not count', async () => {
  await send('other', 'before')
  const id = await startRun('collect', { subject: 'other', count: 1, timeoutMs: 1_500 })
  await send('elsewhere', 'elsewhere-1')

  const run = await runThat(id, ({ status }) => status === 'completed')

  expect(run.result).toEqual([null])
})
