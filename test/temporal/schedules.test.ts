import { ScheduleNotFoundError } from '@temporalio/client'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { toTemporal } from '../../src/contracts/priority.ts'
import { schedulesOf, syncSchedules } from '../../src/temporal/schedules.ts'
import { defineSource, defineTrigger, type Trigger } from '../../src/triggers/define.ts'
import { schedule } from '../../src/triggers/schedule/schedule.ts'
import { createNamespace } from '../harness.ts'
import { openTestHouse, until } from '../house.ts'

const { client } = await createNamespace()

const digest = (cron: string): Trigger =>
  defineTrigger({
    source: defineSource({ name: 'mornings', kind: schedule({ cron, timezone: 'Europe/Berlin' }) }),
    body: z.undefined(),
    read: () => ({}),
    summary: () => 'Digest of the last day',
    workflow: 'dailyDigest',
    flow: { priority: 'bulk' },
  })

async function ids(): Promise<string[]> {
  const found: string[] = []
  for await (const { scheduleId } of client.schedule.list()) found.push(scheduleId)
  return found
}

const listed = (expected: string[]) =>
  until(
    'the list of schedules',
    async () => JSON.stringify(await ids()) === JSON.stringify(expected),
  )

beforeEach(async () => {
  await syncSchedules(client, schedulesOf({}))
  await listed([])
})
afterAll(() => syncSchedules(client, schedulesOf({})))

test('processes that set the schedules up at once make one', async () => {
  const catalogue = { digests: digest('0 7 * * *') }

  const results = await Promise.allSettled(
    Array.from({ length: 8 }, () => syncSchedules(client, schedulesOf(catalogue))),
  )

  expect(results.map(({ status }) => status)).toEqual(Array(8).fill('fulfilled'))
  await listed(['onset:digests'])
})

test('a changed expression is taken over, an operator’s pause stays', async () => {
  await syncSchedules(client, schedulesOf({ digests: digest('0 7 * * *') }))
  const handle = client.schedule.getHandle('onset:digests')
  await handle.pause('holidays')

  await syncSchedules(client, schedulesOf({ digests: digest('30 8 * * *') }))

  const { state, spec } = await handle.describe()
  expect(state).toMatchObject({ paused: true, note: 'holidays' })
  expect(spec.calendars).toMatchObject([{ hour: [{ start: 8 }], minute: [{ start: 30 }] }])
  expect(spec.timezone).toBe('Europe/Berlin')
})

test('a schedule whose trigger is gone is removed, others’ schedules are not', async () => {
  const options = { taskQueue: 'theirs', type: 'startWorkflow', workflowType: 'theirs' } as const
  await client.schedule.create({ scheduleId: 'theirs', spec: {}, action: options })
  await syncSchedules(client, schedulesOf({ digests: digest('0 7 * * *') }))
  await until('both', async () => (await ids()).length === 2)

  const { removed } = await syncSchedules(client, schedulesOf({}))

  expect(removed).toEqual(['onset:digests'])
  await expect(client.schedule.getHandle('onset:digests').describe()).rejects.toThrow(
    ScheduleNotFoundError,
  )
  await client.schedule.getHandle('theirs').delete()
})

const { house, namespace, startWorker, runThat } = await openTestHouse({
  catalogue: { digests: digest('0 7 * * *') },
})

test('a scheduled run gets the nominal time, and is in the list of runs', async () => {
  await startWorker()
  await namespace.client.schedule.getHandle('onset:digests').trigger()

  const id = await until('the run', async () => {
    const { rows } = await house.pool.query(`select id from runs where trigger = 'digests'`)
    return rows[0]?.id
  })
  const run = await runThat(id, ({ status }) => status === 'completed')

  expect(id).toMatch(/^dailyDigest:mornings-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  const { priority } = await namespace.client.workflow.getHandle(id).describe()
  expect(priority).toMatchObject(toTemporal('bulk'))
  expect(run).toMatchObject({ source: 'mornings', summary: 'Digest of the last day' })
  const { rows } = await house.pool.query(
    'select data from run_events where run_id = $1 and type = $2',
    [id, 'step.started'],
  )
  const due = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.exec(id)?.[0] ?? ''
  const dayBefore = new Date(Date.parse(`${due}Z`) - 86_400_000).toISOString()
  expect(rows[0].data.summary).toBe(`Looks up the runs since ${dayBefore}`)
})
