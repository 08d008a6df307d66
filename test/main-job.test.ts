import { expect, test } from 'vitest'
import type { z } from 'zod'
import { Accepted } from '../src/api/schemas.ts'
import { catalogue } from '../src/triggers/catalogue/index.ts'
import { github as githubPreset } from '../src/triggers/webhook/presets/github.ts'
import { openTestHouse, secrets, until } from './house.ts'

const { url, call, runThat, startWorker, namespace } = await openTestHouse({ catalogue })
await startWorker()
const github = githubPreset('GITHUB_WEBHOOK_SECRET')

async function deliver(issue: object, key: string): Promise<z.infer<typeof Accepted>> {
  const { url: to, ...request } = github.compose({
    type: 'issues.opened',
    data: { action: 'opened', issue, repository: { full_name: 'acme/widgets' } },
    id: key,
    now: new Date(),
    url: `${url}/hooks/github`,
    secret: secrets.GITHUB_WEBHOOK_SECRET,
  })
  const response = await fetch(to, request)
  expect(response.status).toBe(200)
  return Accepted.parse(await response.json())
}

async function runOf({ id }: { id: string }): Promise<string> {
  return until(
    'a dispatch',
    async () => (await call(`/api/events/${id}`)).body.dispatches[0]?.runId,
  )
}

test('a signed webhook becomes a run that asks a model, waits for a person, acts and completes', async () => {
  const response = await deliver(
    { number: 7, title: 'Checkout is down in production', body: 'Every payment fails.' },
    'delivery-1',
  )
  expect(response.status).toBe('accepted')
  const id = await runOf(response)

  const waiting = await runThat(id, ({ status }) => status === 'waiting')
  expect(waiting).toMatchObject({
    waitingFor: 'approval',
    step: 'approve',
    workflow: 'triageIssue',
  })

  const { approvals } = (await call('/api/approvals')).body
  expect(approvals).toMatchObject([{ runId: id, title: 'Page on-call for acme/widgets#7?' }])
  const decided = await call(`/api/approvals/${approvals[0].id}`, {
    body: { decision: 'approve', by: 'ada' },
  })
  expect(decided).toMatchObject({ status: 200, body: { status: 'approved', decidedBy: 'ada' } })

  const completed = await runThat(id, ({ status }) => status === 'completed')
  expect(completed).toMatchObject({
    result: { severity: 'critical', paged: true },
    waitingFor: null,
  })
  await expect(namespace.client.workflow.getHandle(id).result()).resolves.toEqual(completed.result)
})

test('the stream of a run tells its story in order and ends with it', async () => {
  const id = await runOf(await deliver({ number: 8, title: 'A typo', body: null }, 'delivery-2'))
  await runThat(id, ({ status }) => status === 'completed')

  const response = await fetch(`${url}/api/runs/${id}/events`, {
    headers: { authorization: 'Bearer a-token-for-tests-only' },
  })
  const frames = (await response.text()).split('\n\n').filter((frame) => frame.includes('event:'))
  const types = frames.map((frame) => /event: (.+)/.exec(frame)?.[1])

  expect(types[0]).toBe('run.started')
  expect(types.filter((type) => type !== 'llm.delta')).toEqual([
    'run.started',
    'step.started',
    'llm.started',
    'llm.completed',
    'step.completed',
    'step.started',
    'step.completed',
    'run.completed',
  ])
  expect(types).toContain('llm.delta')
})

test('an operator sees in Temporal what started a run and what each step is for', async () => {
  const id = await runOf(await deliver({ number: 9, title: 'A typo', body: '' }, 'delivery-3'))
  await runThat(id, ({ status }) => status === 'completed')

  const description = await namespace.client.workflow.getHandle(id).describe()

  await expect(description.staticSummary()).resolves.toBe('acme/widgets#9: A typo')
  await expect(description.staticDetails()).resolves.toContain('**issues.opened** from **github**')
  const attributes = description.typedSearchAttributes.getAll()
  expect(Object.fromEntries(attributes.map(({ key, value }) => [key.name, value]))).toMatchObject({
    Source: 'github',
    Trigger: 'newIssues',
    Tenant: 'default',
  })
})
