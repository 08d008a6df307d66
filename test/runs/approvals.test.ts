import { expect, test } from 'vitest'
import { approveBoth } from '../workflows/approve-both.ts'
import { openTestHouse, until } from '../house.ts'
import { startsTestWorkflow } from '../triggers.ts'

const { house, call, namespace, startRun, runThat, startWorker } = await openTestHouse({
  catalogue: { asks: startsTestWorkflow('ask', approveBoth.name) },
})
let worker = await startWorker()

async function openApprovals(runId: string): Promise<Record<'first' | 'second', string>> {
  return until('both approvals', async () => {
    const { approvals } = (await call('/api/approvals')).body
    const own = approvals.filter((approval: { runId: string }) => approval.runId === runId)
    const ids = Object.fromEntries(
      own.map(({ step, id }: { step: string; id: string }) => [step, id]),
    )
    return own.length === 2 && { first: ids['first'] ?? '', second: ids['second'] ?? '' }
  })
}

const decide = (id: string, decision: 'approve' | 'reject', by = 'ada') =>
  call(`/api/approvals/${id}`, { body: { decision, by, reason: 'because' } })

test('several approvals at once are decided in any order', async () => {
  const id = await startRun('ask', {})
  const { first, second } = await openApprovals(id)

  await decide(second, 'reject', 'grace')
  const between = await runThat(id, ({ status }) => status === 'waiting')
  await decide(first, 'approve')

  expect(between.waitingFor).toBe('approval')
  const run = await runThat(id, ({ status }) => status === 'completed')
  expect(run.result).toEqual([
    { outcome: 'approved', by: 'ada', reason: 'because' },
    { outcome: 'rejected', by: 'grace', reason: 'because' },
  ])
})

test('of many who decide at once the first stands, and the others are told', async () => {
  const id = await startRun('ask', {})
  const { first, second } = await openApprovals(id)

  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      decide(first, index % 2 === 0 ? 'approve' : 'reject', `person-${index}`),
    ),
  )
  await decide(second, 'approve')

  const won = answers.filter(({ status }) => status === 200)
  const lost = answers.filter(({ status }) => status === 409)
  expect([won.length, lost.length]).toEqual([1, 19])
  expect(lost[0]?.body).toMatchObject({
    code: 'already_decided',
    approval: { decidedBy: won[0]?.body.decidedBy },
  })
  const run = await runThat(id, ({ status }) => status === 'completed')
  expect(run.result).toMatchObject([{ by: won[0]?.body.decidedBy }, { by: 'ada' }])
})

test('an approval that has expired is refused, and the run goes on with that', async () => {
  const id = await startRun('ask', { expiresIn: 300 })
  const { first } = await openApprovals(id)
  await runThat(id, ({ status }) => status === 'completed')

  const late = await decide(first, 'approve')

  expect(late).toMatchObject({ status: 409, body: { code: 'expired' } })
  const run = await runThat(id, ({ status }) => status === 'completed')
  expect(run.result).toEqual([{ outcome: 'expired' }, { outcome: 'expired' }])
})

test('an approval of a run that was ended is refused', async () => {
  const id = await startRun('ask', {})
  const { first } = await openApprovals(id)
  await namespace.client.workflow.getHandle(id).terminate('no longer needed')

  const answer = await decide(first, 'approve')

  expect(answer).toMatchObject({ status: 409, body: { code: 'run_finished' } })
})

test('an unknown approval is not found', async () => {
  await expect(decide('apr_nothing', 'approve')).resolves.toMatchObject({ status: 404 })
})

test('what is decided while every worker is down is kept, and the run goes on with the next worker', async () => {
  const id = await startRun('ask', {})
  const { first, second } = await openApprovals(id)
  await worker.close()

  const answers = [await decide(first, 'approve'), await decide(second, 'approve')]
  worker = await startWorker()

  expect(answers.map(({ status }) => status)).toEqual([200, 200])
  const run = await runThat(id, ({ status }) => status === 'completed')
  expect(run.result).toMatchObject([{ outcome: 'approved' }, { outcome: 'approved' }])
})

test('a run that was not told goes on all the same, and takes note once', async () => {
  const id = await startRun('ask', {})
  const { first, second } = await openApprovals(id)

  // As if the process had died between its commit and its signal.
  await house.pool.query(
    `update waits set resolved_at = now(), resolved_by = 'ada', wake_after = now(),
            resolution = '{"outcome": "approved", "by": "ada"}' where id = any ($1)`,
    [[first, second]],
  )

  await runThat(id, ({ status }) => status === 'completed')
  const left = await until('the run to take note', async () => {
    const { rows } = await house.pool.query(
      'select 1 from waits where run_id = $1 and wake_after is not null',
      [id],
    )
    return rows.length === 0 && 'none'
  })
  expect(left).toBe('none')
})
