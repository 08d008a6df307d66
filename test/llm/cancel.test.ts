import { expect, test } from 'vitest'
import { until } from '../house.ts'
import { stalls, startModelServer } from '../outages/model-server.ts'
import { openModelHouse } from './house.ts'

const model = await startModelServer({ answerMs: 1 })
const { call, ledgerOf, namespace, runThat, startRun, startWorker } = await openModelHouse(model)
await startWorker()

/** A run whose call has begun and says nothing any more. */
async function stalledRun(): Promise<string> {
  model.faults.push(stalls)
  const calls = model.calls()
  const id = await startRun('triage', { title: 'Never' })
  await until('the call', async () => model.calls() > calls)
  // Its first heartbeats have gone.
  await until('the row of the call', async () => (await ledgerOf(id)).length === 1)
  return id
}

/** Milliseconds until the model server notices that its caller has left. */
async function leftAfter(
  cancel: () => Promise<unknown>,
): Promise<{ ms: number; sinceAnswer: number }> {
  const before = model.left.length
  const startedAt = performance.now()
  await cancel()
  const answeredAt = performance.now()
  const leftAt = await until('the caller to leave', async () => model.left[before])
  return { ms: leftAt - startedAt, sinceAnswer: leftAt - answeredAt }
}

test('a run that is cancelled in Temporal leaves the model within about a second', async () => {
  const id = await stalledRun()

  const { ms } = await leftAfter(() => namespace.client.workflow.getHandle(id).cancel())

  // Heartbeats come every 800 ms; the rest is the way through Temporal.
  expect(ms).toBeLessThan(1_500)
  await runThat(id, ({ status }) => status === 'cancelled')
  expect(await ledgerOf(id)).toMatchObject([{ outcome: 'interrupted', usage_estimated: true }])
})

test('a run that is cancelled through the API leaves the model within 100 ms', async () => {
  const id = await stalledRun()

  const { sinceAnswer } = await leftAfter(async () => {
    const answer = await call(`/api/runs/${encodeURIComponent(id)}/cancel`, { body: {} })
    expect(answer).toMatchObject({ status: 202, body: { id } })
  })

  expect(sinceAnswer).toBeLessThan(100)
  await runThat(id, ({ status }) => status === 'cancelled')
  expect(await ledgerOf(id)).toMatchObject([{ outcome: 'interrupted' }])
})

test('nobody cancels a run that has ended, or that there is not', async () => {
  const id = await startRun('triage', { title: 'Fine' })
  await runThat(id, ({ status }) => status === 'completed')

  expect(await call(`/api/runs/${encodeURIComponent(id)}/cancel`, { body: {} })).toMatchObject({
    status: 409,
    body: { code: 'run_finished' },
  })
  expect(await call('/api/runs/askTriage:internal:0/cancel', { body: {} })).toMatchObject({
    status: 404,
  })
})
