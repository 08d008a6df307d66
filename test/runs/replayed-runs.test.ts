import { expect, test } from 'vitest'
import { collect } from '../workflows/collect.ts'
import { openTestHouse, until } from '../house.ts'
import { startsTestWorkflow } from '../triggers.ts'

const { call, startRun, runThat, startWorker, namespace } = await openTestHouse({
  catalogue: { collects: startsTestWorkflow('collect', collect.name) },
})
await startWorker()

test('a replayed event is a run of its own, and the API and Temporal say which one it repeats', async () => {
  const first = await startRun('collect', { subject: 'none', count: 1, timeoutMs: 100 })
  const { eventId } = await runThat(first, ({ status }) => status === 'completed')

  const replay = await call(`/api/events/${eventId}/replay`, { body: { by: 'ada' } })
  const second = await until('the second run', async () => {
    const { body } = await call('/api/runs')
    return body.runs.find((run: { id: string }) => run.id !== first)?.id
  })
  const run = await runThat(second, ({ status }) => status === 'completed')

  expect(replay.status).toBe(202)
  expect(run).toMatchObject({ eventId, replayOf: first })
  const { memo, typedSearchAttributes } = await namespace.client.workflow
    .getHandle(second)
    .describe()
  expect(memo).toMatchObject({ replayOf: first })
  const ids = typedSearchAttributes.getAll().filter(({ key }) => key.name === 'EventId')
  expect(ids).toMatchObject([{ value: eventId }])
  const event = await call(`/api/events/${eventId}`)
  expect(event.body.dispatches).toMatchObject([
    { runId: first, replayId: null },
    { runId: second, replayId: replay.body.id },
  ])
})

test('50 posts of the same event at once start one run', async () => {
  const body = { type: 'collect', id: 'fifty', data: { subject: 'none', count: 1, timeoutMs: 100 } }

  const answers = await Promise.all(Array.from({ length: 50 }, () => call('/api/events', { body })))

  const ids = new Set(answers.map((answer) => answer.body.id))
  expect(ids.size).toBe(1)
  const [id = ''] = ids
  await until('its run', async () => {
    const event = await call(`/api/events/${id}`)
    return event.body.dispatches.length === 1
  })
  const { body: listed } = await call('/api/runs')
  expect(listed.runs.filter((run: { eventId: string }) => run.eventId === id)).toHaveLength(1)
})
