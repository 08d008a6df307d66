import { readFileSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { Problem, PromptCalled } from '../../src/api/schemas.ts'
import type { PlannedRun } from '../../src/inbox/plan.ts'
import { type StartRun, TemporalAway } from '../../src/inbox/start-run.ts'
import { openApi } from './open-api.ts'

const started: PlannedRun[] = []
let away = false
const startRun: StartRun = async (run) => {
  if (away) throw new TemporalAway('Temporal takes no runs.')
  started.push(run)
}
const { request, post } = await openApi({ startRun })

const path = '/api/prompts/chase-review'
const input = { author: 'ada', title: 'Round widgets', url: 'https://e.test/1', daysWaiting: 3 }
const file = readFileSync('prompts/chase-review.md', 'utf8').replace(/\{% render .*%\}/, 'Be kind.')

beforeAll(async () => {
  for (const content of [file, `${file}\nBe brief.`]) await post(`${path}/versions`, { content })
  await post(`${path}/labels`, { label: 'production', version: 1 })
  await post(`${path}/labels`, { label: 'staging', version: 2 })
})

test('a call is a run of its own, in the list before anybody carries it out', async () => {
  const response = await post(`${path}/calls`, { input, by: 'ada' })
  const called = PromptCalled.parse(await response.json())

  expect(response.status).toBe(202)
  expect(called).toMatchObject({
    id: expect.stringMatching(/^tryPrompt:api:/),
    workflow: 'tryPrompt',
    trigger: 'tryPrompt',
    eventId: null,
    status: 'running',
    summary: 'chase-review version 1, tried by ada',
    answers: 'text',
  })
  expect(started.at(-1)).toMatchObject({
    id: called.id,
    input: { data: { prompt: 'chase-review', variables: input, trial: { version: 1 } } },
  })
  expect((await request(`/api/runs/${encodeURIComponent(called.id)}`)).status).toBe(200)
  const others = { headers: { authorization: 'Bearer token-2' } }
  expect((await request(`/api/runs/${encodeURIComponent(called.id)}`, others)).status).toBe(404)
})

test.each([
  [{ label: 'staging' }, { version: 2 }],
  [{ version: 2 }, { version: 2 }],
  [{ tier: 'strong' }, { version: 1, wish: { tier: 'strong', model: null } }],
  [
    { model: 'openai/org/huge' },
    { version: 1, wish: { tier: null, model: { provider: 'openai', model: 'org/huge' } } },
  ],
])('%j says what is called', async (chosen, trial) => {
  expect((await post(`${path}/calls`, { input, ...chosen })).status).toBe(202)
  expect(started.at(-1)?.input.data).toMatchObject({ trial })
})

test.each([
  ['without what the prompt takes', {}, 'input'],
  ['with something else', { input: { ...input, daysWaiting: 'three' } }, 'input'],
  ['of a tier that there is not', { input, tier: 'huge' }, 'tier'],
  ['of a provider that there is not', { input, model: 'nobody/big' }, 'model'],
  ['of a model without a provider', { input, model: 'big' }, 'model'],
  ['of a tier and a model', { input, tier: 'fast', model: 'openai/big' }, 'model'],
  ['of a label and a version', { input, label: 'staging', version: 1 }, 'version'],
  ['with a word that means nothing', { input, prompt: 'other' }, ''],
])('a call %s is refused, and starts nothing', async (_, body, where) => {
  const before = started.length
  const response = await post(`${path}/calls`, body)

  expect(response.status).toBe(400)
  expect(Problem.parse(await response.json()).errors).toMatchObject([{ path: where }])
  expect(started).toHaveLength(before)
})

test.each([
  ['/api/prompts/nobody/calls', {}, "The prompt 'nobody' has no version 'production'."],
  [`${path}/calls`, { version: 9 }, "The prompt 'chase-review' has no version '9'."],
  [`${path}/calls`, { label: 'canary' }, "The prompt 'chase-review' has no version 'canary'."],
])('%s with %j is not there', async (to, body, detail) => {
  const response = await post(to, body)

  expect(response.status).toBe(404)
  expect(Problem.parse(await response.json())).toMatchObject({ code: 'not_found', detail })
})

test('while Temporal is away nothing is called, and nothing is in the list', async () => {
  const before = await (await request('/api/runs')).text()
  away = true
  const response = await post(`${path}/calls`, { input })
  away = false

  expect(response.status).toBe(503)
  expect(Problem.parse(await response.json()).code).toBe('temporal_unavailable')
  expect(await (await request('/api/runs')).text()).toBe(before)
})
