import { expect, test } from 'vitest'
import { Problem, RunDetails, RunPage } from '../../src/api/schemas.ts'
import { completed, openApi } from './open-api.ts'

const { request, report } = await openApi()

const id = (number: number) => `triageIssue:github:${number}`

await report(id(1), [
  { type: 'step.started', data: { step: 'triage', kind: 'llm', summary: 'model' } },
  { type: 'step.completed', data: { step: 'triage' } },
  { type: 'step.started', data: { step: 'page', kind: 'approval', summary: 'Page on-call?' } },
  { type: 'run.waiting', data: { step: 'page', waitingFor: 'approval', title: 'Page on-call?' } },
])
await report(id(2), [
  { type: 'step.started', data: { step: 'triage', kind: 'llm', summary: 'model' } },
  {
    type: 'step.failed',
    data: { step: 'triage', failure: { code: 'LLM.Auth', message: 'refused', remedy: 'look' } },
  },
])
await report(id(3), [completed])
await report('chaseReview:internal:4', [])
await report('triageIssue:github:5', [], 'other')

const pageOf = async (path: string) => RunPage.parse(await (await request(path)).json())

test('runs are listed page by page, each once', async () => {
  const first = await pageOf('/api/runs?limit=3')
  const second = await pageOf(`/api/runs?limit=3&after=${first.next}`)

  expect(first.runs).toHaveLength(3)
  expect(second.next).toBeNull()
  expect([...first.runs, ...second.runs].map((run) => run.id).toSorted()).toEqual(
    [id(1), id(2), id(3), 'chaseReview:internal:4'].toSorted(),
  )
})

test('runs are found by status and workflow', async () => {
  const completedRuns = await pageOf('/api/runs?status=completed')
  const reviews = await pageOf('/api/runs?workflow=chaseReview')

  expect(completedRuns.runs.map((run) => run.id)).toEqual([id(3)])
  expect(reviews.runs.map((run) => run.id)).toEqual(['chaseReview:internal:4'])
})

test.each([id(1), encodeURIComponent(id(1))])('a run is found as %s', async (path) => {
  const run = RunDetails.parse(await (await request(`/api/runs/${path}`)).json())

  expect(run).toMatchObject({ id: id(1), status: 'waiting', waitingFor: 'approval' })
  expect(run.steps.map(({ step, status }) => [step, status])).toEqual([
    ['triage', 'completed'],
    ['page', 'waiting'],
  ])
})

test('a failed step says why', async () => {
  const run = RunDetails.parse(await (await request(`/api/runs/${id(2)}`)).json())

  expect(run.steps).toMatchObject([
    { step: 'triage', status: 'failed', failure: { code: 'LLM.Auth', remedy: 'look' } },
  ])
})

test('a finished run shows its result', async () => {
  const run = RunDetails.parse(await (await request(`/api/runs/${id(3)}`)).json())

  expect(run).toMatchObject({ status: 'completed', result: { ok: true }, failure: null })
})

test.each(['triageIssue:github:5', 'triageIssue:github:6'])(
  'a run of another tenant is as unknown as one that never was: %s',
  async (unknown) => {
    for (const path of [`/api/runs/${unknown}`, `/api/runs/${unknown}/events`]) {
      const response = await request(path)

      expect(response.status).toBe(404)
      expect(Problem.parse(await response.json()).detail).toBe(`There is no run '${unknown}'.`)
    }
  },
)

test('a cursor that cannot be read is no fault of the server', async () => {
  const impossible = Buffer.from('9999-99-99T99:99:99.999Z x').toString('base64url')

  for (const after of ['nonsense', '%00', impossible]) {
    expect((await request(`/api/runs?after=${after}`)).status).toBeLessThan(500)
  }
})
