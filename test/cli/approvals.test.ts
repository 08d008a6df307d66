import { expect, test } from 'vitest'
import { openWait } from '../../src/runs/waits.ts'
import { completed } from '../api/open-api.ts'
import { openCommandLine } from './open-command-line.ts'

const { onset, pool, report } = await openCommandLine()
const runIds = { next: 0 }

async function waitingRun({ expiresAt = null }: { expiresAt?: string | null } = {}) {
  runIds.next += 1
  const runId = `triageIssue:github:${runIds.next}`
  await report(runId, [])
  const wait = { tenant: 'default', runId, step: 'page', expiresAt, kind: 'approval' } as const
  const { id } = await openWait(pool, { ...wait, title: 'Page on-call?', details: {} })
  return { id, runId }
}

test('nothing to decide is an empty list', async () => {
  const latest = await onset('approve', '--latest')

  expect(await onset('approvals', '--json')).toMatchObject({ exitCode: 0, out: '[]' })
  expect((await onset('approvals')).error).toBe('Nothing waits for a decision.\n')
  expect(latest).toMatchObject({ exitCode: 4, out: '' })
})

test('approvals are listed until they are decided', async () => {
  const { id, runId } = await waitingRun()
  const listed = await onset('approvals')
  const decided = await onset('approve', runId)

  expect(listed.out).toContain(id)
  expect(decided).toEqual({
    exitCode: 0,
    out: `approved ${id}: Page on-call? (run ${runId})\n`,
    error: '',
  })
  expect((await onset('approvals', '--json')).out).toBe('[]')
  expect(JSON.parse((await onset('approvals', '--all', '--json')).out)).toMatchObject([{ id }])
})

test('who decides, what and why is kept', async () => {
  const { id } = await waitingRun()
  const argv = ['approve', id, '--reject', '--by', 'Bob', '--reason', 'too early', '--json']
  const { out } = await onset(...argv)

  expect(JSON.parse(out)).toMatchObject({
    id,
    status: 'rejected',
    decidedBy: 'Bob',
    reason: 'too early',
  })
})

test('--latest decides what was requested last, as the user of the computer', async () => {
  const first = await waitingRun()
  const second = await waitingRun()
  const { out } = await onset('approve', '--latest', '--json')
  await onset('approve', first.id)

  expect(JSON.parse(out)).toMatchObject({ id: second.id, decidedBy: 'ada' })
})

test('what can no longer be decided is a conflict', async () => {
  const decided = await waitingRun()
  const expired = await waitingRun({ expiresAt: '2020-01-01T00:00:00.000Z' })
  const finished = await waitingRun()
  await onset('approve', decided.id, '--by', 'Bob')
  await report(finished.runId, [completed])

  expect(await onset('approve', decided.id)).toMatchObject({
    exitCode: 5,
    error: expect.stringMatching(/^It was approved by Bob at .* \(already_decided\)\n$/),
  })
  expect(await onset('approve', expired.id)).toMatchObject({
    exitCode: 5,
    error: 'It expired at 2020-01-01T00:00:00.000Z. (expired)\n',
  })
  expect(await onset('approve', finished.runId)).toMatchObject({
    exitCode: 5,
    error: expect.stringContaining('(run_finished)'),
  })
})

test('what never was is not found', async () => {
  expect(await onset('approve', 'apr_0')).toMatchObject({ exitCode: 4, out: '' })
})
