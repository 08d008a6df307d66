import { expect, test } from 'vitest'
import { openWait } from '../../src/runs/waits.ts'
import { openCommandLine } from './open-command-line.ts'

const { onset, pool, report } = await openCommandLine()
const runIds = { next: 0 }

const failure = { code: 'LLM.BadRequest', message: 'No.' } as const

/** A run that is parked at these steps. */
async function parkedRun(...steps: string[]): Promise<string> {
  runIds.next += 1
  const runId = `triageIssue:github:${runIds.next}`
  await report(runId, [])
  for (const step of steps) {
    const wait = { tenant: 'default', runId, step, expiresAt: null, kind: 'operator' } as const
    await openWait(pool, { ...wait, title: 'No.', failure, ask: 1, prompt: 'triage-issue' })
  }
  return runId
}

test('retry needs no step where only one is parked', async () => {
  const runId = await parkedRun('triage-issue')

  const { exitCode, out } = await onset('runs', 'retry', runId)

  expect({ exitCode, out }).toEqual({ exitCode: 0, out: `retry triage-issue of ${runId}\n` })
})

test('of several parked steps one has to be named', async () => {
  const runId = await parkedRun('triage-issue', 'triage-issue-2')

  expect(await onset('runs', 'fail', runId)).toMatchObject({
    exitCode: 2,
    error: expect.stringContaining('triage-issue, triage-issue-2'),
  })
  expect(await onset('runs', 'fail', runId, 'triage-issue-2')).toMatchObject({ exitCode: 0 })
})

test('skip takes its value as JSON, and keeps who said so and why', async () => {
  const runId = await parkedRun('triage-issue')
  const skip = ['runs', 'skip', runId, '--by', 'Bob', '--reason', 'by hand', '--json']

  expect(await onset(...skip)).toMatchObject({ exitCode: 2 })
  expect(await onset(...skip, '--value', 'text')).toMatchObject({ exitCode: 2 })
  const { out } = await onset(...skip, '--value', '{"severity":"low"}')

  expect(JSON.parse(out)).toMatchObject({
    status: 'skip',
    decidedBy: 'Bob',
    reason: 'by hand',
    failure,
  })
  const { rows } = await pool.query('select output from ledger where run_id = $1', [runId])
  expect(rows).toEqual([{ output: { severity: 'low' } }])
})

test('a second decision is refused with the first', async () => {
  const runId = await parkedRun('triage-issue')
  await onset('runs', 'fail', runId, 'triage-issue')

  expect(await onset('runs', 'retry', runId, 'triage-issue')).toMatchObject({
    exitCode: 5,
    error: expect.stringMatching(/^ada said fail at .* \(already_decided\)\n$/),
  })
})

test('a run that is not parked has nothing to decide', async () => {
  const runId = await parkedRun()

  expect(await onset('runs', 'retry', runId)).toMatchObject({
    exitCode: 4,
    error: expect.stringContaining('(not_found)'),
  })
})

test('a run that there is not cannot be cancelled', async () => {
  expect(await onset('runs', 'cancel')).toMatchObject({ exitCode: 2 })
  expect(await onset('runs', 'cancel', 'triageIssue:github:0')).toMatchObject({
    exitCode: 4,
    error: expect.stringContaining('(not_found)'),
  })
})
