import { expect, test } from 'vitest'
import { Approval, Approvals, Problem } from '../../src/api/schemas.ts'
import { openWait } from '../../src/runs/waits.ts'
import { completed, openApi } from './open-api.ts'

const { pool, request, post, report } = await openApi()
const runIds = { next: 0 }

async function waitingRun({ expiresAt = null }: { expiresAt?: string | null } = {}) {
  runIds.next += 1
  const runId = `triageIssue:github:${runIds.next}`
  await report(runId, [])
  const wait = { tenant: 'default', runId, step: 'page', expiresAt, kind: 'approval' } as const
  const { id } = await openWait(pool, { ...wait, title: 'Page on-call?', details: { severity: 1 } })
  return { id, runId }
}

test('an approval is listed while it is open', async () => {
  const { id, runId } = await waitingRun()
  const open = Approvals.parse(await (await request('/api/approvals')).json())
  await post(`/api/approvals/${id}`, { decision: 'approve' })
  const stillOpen = Approvals.parse(await (await request('/api/approvals')).json())
  const all = Approvals.parse(await (await request('/api/approvals?status=all')).json())

  expect(open.approvals.find((each) => each.id === id)).toMatchObject({
    runId,
    status: 'open',
    title: 'Page on-call?',
    details: { severity: 1 },
  })
  expect(stillOpen.approvals.map((each) => each.id)).not.toContain(id)
  expect(all.approvals.find((each) => each.id === id)).toMatchObject({ status: 'approved' })
})

test('an approval is decided by its id, or that of its run, raw or encoded', async () => {
  const byId = await waitingRun()
  const byRun = await waitingRun()
  const encoded = await waitingRun()
  const paths = [byId.id, byRun.runId, encodeURIComponent(encoded.runId)]
  const body = { decision: 'reject', by: 'Ada', reason: 'too\nearly' }
  const answers = await Promise.all(paths.map((path) => post(`/api/approvals/${path}`, body)))

  for (const answer of answers) {
    expect(answer.status).toBe(200)
    expect(Approval.parse(await answer.json())).toMatchObject({
      status: 'rejected',
      decidedBy: 'Ada',
      reason: 'too\nearly',
    })
  }
})

test('the first decision stands, and the second is told of it', async () => {
  const { id } = await waitingRun()
  await post(`/api/approvals/${id}`, { decision: 'approve', by: 'Ada' })
  const response = await post(`/api/approvals/${id}`, { decision: 'reject', by: 'Bob' })

  expect(response.status).toBe(409)
  expect(Problem.parse(await response.json())).toMatchObject({
    code: 'already_decided',
    approval: { id, status: 'approved', decidedBy: 'Ada' },
  })
})

test('an approval that has expired can no longer be decided', async () => {
  const { id } = await waitingRun({ expiresAt: '2020-01-01T00:00:00.000Z' })
  const response = await post(`/api/approvals/${id}`, { decision: 'approve' })

  expect(response.status).toBe(409)
  expect(Problem.parse(await response.json())).toMatchObject({
    code: 'expired',
    approval: { id, status: 'expired' },
  })
})

test('an approval of a finished run can no longer be decided', async () => {
  const { id, runId } = await waitingRun()
  await report(runId, [completed])
  const response = await post(`/api/approvals/${runId}`, { decision: 'approve' })

  expect(response.status).toBe(409)
  expect(Problem.parse(await response.json())).toMatchObject({
    code: 'run_finished',
    approval: { id, status: 'closed' },
  })
})

test('an approval of another tenant is not there', async () => {
  const { id } = await waitingRun()
  const headers = { authorization: 'Bearer token-2' }

  expect((await post(`/api/approvals/${id}`, { decision: 'approve' }, headers)).status).toBe(404)
  expect((await post('/api/approvals/apr_0', { decision: 'approve' })).status).toBe(404)
})

test.each([
  ['no decision', {}, 'decision'],
  ['another word', { decision: 'yes' }, 'decision'],
  ['an unknown member', { decision: 'approve', outcome: 'approved' }, ''],
  ['nobody', { decision: 'approve', by: '' }, 'by'],
  ['what stands for nobody', { decision: 'approve', by: 'timeout' }, 'by'],
  ['NUL in the reason', { decision: 'approve', reason: '\0' }, 'reason'],
  ['a list', [], ''],
])('a decision with %s is refused and decides nothing', async (_, body, path) => {
  const { id } = await waitingRun()
  const response = await post(`/api/approvals/${id}`, body)

  expect(response.status).toBe(400)
  expect(Problem.parse(await response.json()).errors).toMatchObject([{ path }])
  expect((await post(`/api/approvals/${id}`, { decision: 'approve' })).status).toBe(200)
})
