import { Client, Connection } from '@temporalio/client'
import { expect, test } from 'vitest'
import type { PlannedRun } from '../../src/inbox/plan.ts'
import { createStartRun, TemporalAway } from '../../src/inbox/start-run.ts'

const planned = (data: unknown): PlannedRun => ({
  id: 'tested:test:1',
  workflow: 'tested',
  summary: 'A test',
  priority: 'interactive',
  input: {
    id: 'evt_1',
    tenant: 'default',
    source: 'test',
    key: 'key-1',
    type: 'tested',
    time: new Date(0).toISOString(),
    hops: 0,
    correlationId: 'evt_1',
    trigger: 'tests',
    data,
  },
})

// Nothing listens there.
const nowhere = new Client({ connection: Connection.lazy({ address: '127.0.0.1:1' }) })

test('that Temporal was not reached yet, or cannot be, says nothing about the run', async () => {
  const early = createStartRun({
    client: () => {
      throw new Error('It was not reached yet.')
    },
    eager: false,
  })
  const late = createStartRun({ client: () => nowhere, eager: false })

  await expect(early(planned(null))).rejects.toBeInstanceOf(TemporalAway)
  await expect(late(planned(null))).rejects.toBeInstanceOf(TemporalAway)
})

test('what cannot be made into a request is the fault of the run', async () => {
  const startRun = createStartRun({ client: () => nowhere, eager: false })

  await expect(startRun(planned(1n))).rejects.not.toBeInstanceOf(TemporalAway)
})
