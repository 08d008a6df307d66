import { expect, test } from 'vitest'
import pino from 'pino'
import { createReconciler } from '../../src/runs/reconciler.ts'
import { approveBoth } from '../workflows/approve-both.ts'
import { openTestHouse, until } from '../house.ts'
import { startsTestWorkflow } from '../triggers.ts'

const { house, namespace, startRun, runThat, startWorker } = await openTestHouse({
  catalogue: { asks: startsTestWorkflow('ask', approveBoth.name) },
})
await startWorker()

// One of its own, so that no test waits for the next look of the house.
const { reconcile } = createReconciler({
  pool: house.pool,
  client: () => namespace.client,
  runLog: house.runLog,
  log: pino({ level: 'silent' }),
})

/** Looks until visibility, which lags behind, has shown the end. */
const reconciled = (id: string, status: string) =>
  until(`the run to be ${status}`, async () => {
    await reconcile()
    const { rows } = await house.pool.query('select status from runs where id = $1', [id])
    return rows[0]?.status === status
  })

test('a run that was terminated in Temporal ends in the list of runs, and its waits with it', async () => {
  const id = await startRun('ask', {})
  await runThat(id, ({ status }) => status === 'waiting')
  await namespace.client.workflow.getHandle(id).terminate('no longer needed')

  await reconciled(id, 'cancelled')

  const run = await runThat(id, ({ status }) => status === 'cancelled')
  expect(run).toMatchObject({ waitingFor: null, failure: { code: 'Run.Cancelled' } })
  const { rows } = await house.pool.query(
    'select 1 from waits where run_id = $1 and resolved_at is null',
    [id],
  )
  expect(rows).toHaveLength(0)
})

test('a run whose every report was lost is found again, with its result', async () => {
  const id = await startRun('ask', { expiresIn: 100 })
  await runThat(id, ({ status }) => status === 'completed')
  await house.pool.query('delete from runs where id = $1', [id])

  await reconciled(id, 'completed')

  const run = await runThat(id, ({ status }) => status === 'completed')
  expect(run).toMatchObject({
    workflow: 'approveBoth',
    trigger: 'asks',
    source: 'internal',
    result: [{ outcome: 'expired' }, { outcome: 'expired' }],
  })
})

test('an end that Temporal did not take is replaced by the one it did', async () => {
  const id = await startRun('ask', { expiresIn: 100 })
  await runThat(id, ({ status }) => status === 'completed')
  await house.pool.query(
    `update runs set status = 'failed', result = null, failure = '{"code": "Run.Failed", "message": "wrong"}'
      where id = $1`,
    [id],
  )

  await reconciled(id, 'completed')

  const run = await runThat(id, ({ status }) => status === 'completed')
  expect(run).toMatchObject({
    failure: null,
    result: [{ outcome: 'expired' }, { outcome: 'expired' }],
  })
  const { rows } = await house.pool.query(
    `select 1 from run_events where run_id = $1 and type like 'run.%ed'
     and type not in ('run.started', 'run.resumed')`,
    [id],
  )
  expect(rows).toHaveLength(1)
})
