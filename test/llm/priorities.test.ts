import { expect, test } from 'vitest'
import { toTemporal } from '../../src/contracts/priority.ts'
import { until } from '../house.ts'
import { startModelServer } from '../outages/model-server.ts'
import { openModelHouse } from './house.ts'
import { limitedProvider } from './limited-provider.ts'

// A call every two seconds. Bulk calls reserve five seconds ahead: three of them may go first.
const PER_MINUTE = 30
const MOST_BEFORE = 3
const BULK_RUNS = 9

const model = await startModelServer({ answerMs: 50 })
const { namespace, ledgerOf, runThat, startRun, startWorker } = await openModelHouse(model, {
  LLM_CONFIG: limitedProvider(model, PER_MINUTE),
})
await startWorker()

const describe = (id: string) => namespace.client.workflow.getHandle(id).describe()

/** Whether the run's call has been told to come back later. */
async function isPutOff(id: string): Promise<boolean> {
  const { raw } = await describe(id)
  return raw.pendingActivities?.[0]?.lastFailure?.applicationFailureInfo?.type === 'LLM.Throttled'
}

test('a call that somebody waits for goes before bulk calls that have waited for longer', async () => {
  const bulk = await Promise.all(
    Array.from({ length: BULK_RUNS }, (_, index) => startRun('bulk', { title: `Bulk ${index}` })),
  )
  await until('most of them to be put off', async () => {
    const putOff = await Promise.all(bulk.map(isPutOff))
    return putOff.filter(Boolean).length >= BULK_RUNS - MOST_BEFORE
  })
  const before = model.calls()
  const urgent = await startRun('triage', { title: 'Interactive' })
  await runThat(urgent, ({ status }) => status === 'completed')

  const place = model.asked.findIndex(({ messages }) =>
    messages.some(({ content }) => content.includes('Interactive')),
  )
  expect(place - before).toBeLessThanOrEqual(MOST_BEFORE)
  expect(place).toBeLessThan(BULK_RUNS)
  // Whoever waits for its turn spends no attempt.
  expect(await ledgerOf(urgent)).toMatchObject([{ outcome: 'succeeded' }])
  const attempts = await Promise.all(bulk.map(ledgerOf))
  for (const each of attempts) expect(each.length).toBeLessThanOrEqual(1)
}, 60_000)

test('Temporal knows the priority of a run, and shows it to operators', async () => {
  const { priority, staticDetails } = await describe(await startRun('bulk', { title: 'Bulk' }))

  expect(priority).toMatchObject(toTemporal('bulk'))
  expect(await staticDetails()).toContain('- priority: bulk')
})
