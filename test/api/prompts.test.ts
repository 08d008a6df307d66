import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  PromptHistory,
  PromptLabel,
  PromptList,
  PromptPushed,
  PromptText,
} from '../../src/api/prompt-schemas.ts'
import { Problem } from '../../src/api/schemas.ts'
import { openApi } from './open-api.ts'

const { request, post } = await openApi()
const path = '/api/prompts/chase-review'
// Without its partial, which each push would have to bring along.
const file = readFileSync('prompts/chase-review.md', 'utf8').replace(/\{% render .*%\}/, 'Be kind.')

const push = async (body: object) =>
  PromptPushed.parse(await (await post(`${path}/versions`, body)).json())

test('a text becomes a version, and the same text no second one', async () => {
  const first = await push({ content: file, by: 'ada', message: 'first' })
  const again = await push({ content: file, by: 'bob' })

  expect(first).toMatchObject({ author: 'ada', message: 'first', created: true, fitsBuild: true })
  expect(again).toEqual({ ...first, created: false })
})

test('a label points to a version, and both are listed', async () => {
  const { version } = await push({ content: `${file}\nBe brief.` })
  const labelled = await post(`${path}/labels`, {
    label: 'staging',
    version,
    percent: 10,
    by: 'ada',
  })

  expect(PromptLabel.parse(await labelled.json())).toMatchObject({
    version,
    percent: 10,
    by: 'ada',
  })
  const history = PromptHistory.parse(await (await request(path)).json())
  expect(history.versions[0]).toMatchObject({ version, author: 'api' })
  expect(history.labels[0]).toMatchObject({ label: 'staging', version })
  const { prompts } = PromptList.parse(await (await request('/api/prompts')).json())
  expect(prompts).toMatchObject([
    { name: 'chase-review', latest: version, labels: { staging: version } },
  ])
  for (const asked of [version, 'staging']) {
    const text = PromptText.parse(await (await request(`${path}/versions/${asked}`)).json())
    expect(text).toMatchObject({ version, content: `${file}\nBe brief.`, partials: {} })
  }
})

test('partials belong to the version that uses them', async () => {
  const { version } = await push({
    content: `${file}\n{% render "tone" %}`,
    partials: { tone: 'Be kind.', other: 'Unused.' },
  })

  const text = PromptText.parse(await (await request(`${path}/versions/${version}`)).json())
  expect(text.partials).toEqual({ tone: 'Be kind.' })
})

test.each([
  ['an undeclared variable', `${file}\n{{ nobody }}`, /^Line 30: input\.schema declares no nobody/],
  [
    'a file outside of the prompts',
    `${file}\n{% render "../../package.json" %}`,
    /^Line 30: Expected the name/,
  ],
  [
    'a loop that never ends',
    `${file}\n{% for i in (1..1000000000) %}{% endfor %}`,
    /^Line 30: .*limit/,
  ],
  ['another name', file.replace('name: chase-review', 'name: other'), /The name is other/],
  ['no front matter', 'Hello', /front matter/],
])('a text with %s is refused', async (_name, content, detail) => {
  const response = await post(`${path}/versions`, { content })

  expect(response.status).toBe(422)
  expect(Problem.parse(await response.json())).toMatchObject({
    code: 'prompt_invalid',
    detail: expect.stringMatching(detail),
  })
})

test('a version with other schemas is kept, but no label points to it', async () => {
  const pushed = await push({
    content: file.replace('daysWaiting: { type: integer }', 'daysWaiting: { type: number }'),
  })
  const response = await post(`${path}/labels`, { label: 'production', version: pushed.version })

  expect(pushed.fitsBuild).toBe(false)
  expect(response.status).toBe(409)
  expect(Problem.parse(await response.json())).toMatchObject({ code: 'schema_differs' })
})

test.each([
  ['no text', 'versions', {}, 'content'],
  ['NUL in the text', 'versions', { content: '\0' }, 'content'],
  [
    'a partial with a path',
    'versions',
    { content: file, partials: { '../x': '' } },
    'partials.../x',
  ],
  ['no version', 'labels', { label: 'production' }, 'version'],
  ['a label that is no word', 'labels', { label: 'Pro duction', version: 1 }, 'label'],
  ['no share', 'labels', { label: 'production', version: 1, percent: 0 }, 'percent'],
])('a request with %s is refused', async (_name, below, body, where) => {
  const response = await post(`${path}/${below}`, body)

  expect(response.status).toBe(400)
  expect(Problem.parse(await response.json()).errors).toMatchObject([{ path: where }])
})

test.each([
  ['/api/prompts/nobody'],
  [`${path}/versions/9999`],
  [`${path}/versions/nowhere`],
  ['/api/prompts/nobody/versions/1'],
])('%s is not there', async (missing) => {
  expect((await request(missing)).status).toBe(404)
})

test('a label cannot point to a version that is not there', async () => {
  expect((await post(`${path}/labels`, { label: 'production', version: 9999 })).status).toBe(404)
})
