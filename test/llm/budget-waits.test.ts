import { expect, test } from 'vitest'
import { scopesOf } from '../../src/models/budget-scopes.ts'
import { until } from '../house.ts'
import { startModelServer } from '../outages/model-server.ts'
import { openModelHouse } from './house.ts'

const model = await startModelServer({ answerMs: 1, counts: true })
const { call, house, namespace, runThat, startRun, startWorker } = await openModelHouse(model)
await startWorker()

const isWaiting = ({ status, waitingFor }: { status: string; waitingFor: unknown }): boolean =>
  status === 'waiting' && waitingFor === 'budget'
const isDone = ({ status }: { status: string }): boolean => status === 'completed'

const setRule = (kind: string, name: string, limits: object) =>
  call('/api/budgets', { method: 'PUT', body: { kind, name, ...limits } })

test('a run that reaches its cap waits, and goes on within two seconds when it is raised', async () => {
  // Two calls of three: each may need up to $0.0005.
  await setRule('run', 'askInTurn', { limitCalls: 2 })
  const calls = model.calls()

  const id = await startRun('turns', { times: 3 })
  const waiting = await runThat(id, isWaiting)

  expect(waiting.step).toBe('chase-review-3')
  expect(model.calls() - calls).toBe(2)
  const details = await namespace.client.workflow
    .getHandle(id)
    .query<{ currentDetails?: string }>('__temporal_workflow_metadata')
  expect(details.currentDetails).toContain(`waiting for the budget run:${id}; raise it with`)

  const raisedAt = performance.now()
  await call('/api/budgets', {
    method: 'PUT',
    body: { scope: `run:${id}`, limitCalls: 3, by: 'ada' },
  })
  await until('the next call', async () => model.calls() - calls === 3)
  expect(performance.now() - raisedAt).toBeLessThan(2_000)
  await runThat(id, isDone)
})

test('runs that wait go on as calls under way leave room, and none is forgotten', async () => {
  // Room for the estimates of two calls at a time, and for what eight of them cost.
  await setRule('trigger', 'triage', { limitMicros: 2_500 })
  const calls = model.calls()

  const ids = await Promise.all(
    Array.from({ length: 8 }, (_, index) => startRun('triage', { title: `Issue ${index}` })),
  )
  for (const id of ids) await runThat(id, isDone)

  expect(model.calls() - calls).toBe(8)
  const { rows } = await house.pool.query(
    `select reserved_micros::int, spent_micros::int from budgets where scope like 'trigger:triage:%'`,
  )
  expect(rows).toEqual([{ reserved_micros: 0, spent_micros: 8 * 65 }])
})

test('a run that waits for a budget goes on when its period turns', async () => {
  const [, trigger] = scopesOf(
    { tenant: 'default', runId: '', workflow: '', trigger: 'tries' },
    new Date(),
  )
  await setRule('trigger', 'tries', { limitCalls: 1 })
  const first = await startRun('try', { title: 'One' })
  await runThat(first, isDone)
  const id = await startRun('try', { title: 'Two' })
  const waiting = await runThat(id, isWaiting)

  // Midnight, as the row of the period has it.
  await house.pool.query(
    `update budgets set ends_at = now(), calls = 0, spent_micros = 0, spent_tokens = 0 where scope = $1`,
    [trigger?.scope],
  )

  expect(waiting.status).toBe('waiting')
  await runThat(id, isDone)
})

test('a run that waits for a budget can be cancelled', async () => {
  await setRule('run', 'askTriage', { limitCalls: 0 })
  const id = await startRun('triage', { title: 'Never' })
  await runThat(id, isWaiting)

  await namespace.client.workflow.getHandle(id).cancel()

  const run = await runThat(id, ({ status }) => status === 'cancelled')
  expect(run.waitingFor).toBeNull()
})
