import { expect, test } from 'vitest'
import { until } from '../house.ts'
import { refuses, startModelServer } from '../outages/model-server.ts'
import { openModelHouse } from './house.ts'

const RUNS = 12

const model = await startModelServer({ answerMs: 1 })
const { call, house, namespace, runThat, startRun, startWorker } = await openModelHouse(model)
await startWorker()

/** The pause of the breaker is over. */
const elapse = () =>
  house.pool.query(`update llm_breakers set probe_at = now() where state = 'open'`)

async function waitingRuns(): Promise<{ id: string }[]> {
  const { body } = await call('/api/runs?status=waiting&limit=200')
  return body.runs.filter((run: { waitingFor: string }) => run.waitingFor === 'provider')
}

const stateOf = async (): Promise<string> => {
  const { rows } = await house.pool.query<{ state: string }>('select state from llm_breakers')
  return rows[0]?.state ?? 'none'
}

test('a provider without credit is asked once while its runs wait, probed by one at a time, and all go on in the end', async () => {
  model.outage = refuses(429, 'insufficient_quota')

  const first = await startRun('triage', { title: 'First' })
  await until('the breaker to open', async () => (await stateOf()) === 'open')
  const others = await Promise.all(
    Array.from({ length: RUNS - 1 }, (_, index) => startRun('triage', { title: `Issue ${index}` })),
  )
  const ids = [first, ...others]
  await until('all to wait', async () => (await waitingRuns()).length === RUNS)
  expect(model.calls()).toBe(1)

  const details = await namespace.client.workflow
    .getHandle(first)
    .query<{ currentDetails?: string }>('__temporal_workflow_metadata')
  expect(details.currentDetails).toContain('waiting for the provider openai')

  // Somebody tries, and it is as before: the others have not moved.
  await elapse()
  await until('a probe', async () => model.calls() === 2)
  await until('all to wait again', async () => (await waitingRuns()).length === RUNS)
  expect(model.calls()).toBe(2)
  expect(await stateOf()).toBe('open')

  model.outage = null
  await elapse()
  for (const id of ids) await runThat(id, ({ status }) => status === 'completed')

  // One tried, and the others came after it, not in one moment.
  expect(model.calls()).toBe(2 + RUNS)
  const [probe = 0, ...rest] = model.times.slice(2)
  expect(Math.min(...rest) - probe).toBeGreaterThan(0)
  expect(Math.max(...rest) - Math.min(...rest)).toBeGreaterThan(300)
  expect(await stateOf()).toBe('closed')
})
