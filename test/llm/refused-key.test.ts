import { expect, test } from 'vitest'
import { refuses, startModelServer } from '../outages/model-server.ts'
import { openModelHouse } from './house.ts'

const model = await startModelServer({ answerMs: 1 })
const { decide, house, runThat, startRun, startWorker } = await openModelHouse(model)
await startWorker()

test('a retry tries the key at once, however long the provider is to be left alone', async () => {
  model.faults.push(refuses(401, 'invalid_api_key'))
  const id = await startRun('triage', { title: 'A typo' })
  await runThat(id, ({ status }) => status === 'parked')
  await house.pool.query(
    `update llm_breakers set probe_at = now() + interval '10 minutes' where state = 'open'`,
  )
  const waiting = await startRun('triage', { title: 'Another' })
  await runThat(waiting, ({ waitingFor }) => waitingFor === 'provider')
  const calls = model.calls()

  await decide(id, 'triage-issue', { action: 'retry', by: 'ada', reason: 'The key is right.' })
  await runThat(id, ({ status }) => status === 'completed')

  // It was the probe: whoever waits for the provider goes on, too.
  await runThat(waiting, ({ status }) => status === 'completed')
  expect(model.calls() - calls).toBe(2)
})
