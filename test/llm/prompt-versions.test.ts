import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { until } from '../house.ts'
import { startModelServer } from '../outages/model-server.ts'
import { openModelHouse } from './house.ts'

const model = await startModelServer({ answerMs: 300 })
const { call, ledgerOf, runThat, startRun, startWorker } = await openModelHouse(model)
await startWorker()

const versions = async (id: string) =>
  new Set((await ledgerOf(id)).map((attempt) => attempt['prompt_version']))

const WORDS = 'Say it in French.'

test('a run keeps the text that it began with, and the next one has the new text within a second', async () => {
  const open = await startRun('turns', { times: 8 })
  await until('the first call', async () => model.calls() === 1)

  const content = readFileSync('prompts/chase-review.md', 'utf8').replace(
    /\{% role "user" %\}/,
    `${WORDS}\n\n$&`,
  )
  const strangers = readFileSync('prompts/partials/strangers.md', 'utf8')
  const pushed = await call('/api/prompts/chase-review/versions', {
    body: { content, partials: { strangers }, by: 'ada' },
  })
  const labelled = await call('/api/prompts/chase-review/labels', {
    body: { label: 'production', version: 2, by: 'ada' },
  })
  expect([pushed.status, labelled.status]).toEqual([200, 200])
  const labelledAt = performance.now()
  await until('a second to pass', async () => performance.now() - labelledAt >= 1_000)
  const next = await startRun('turns', { times: 1 })
  for (const id of [open, next]) await runThat(id, ({ status }) => status === 'completed')

  expect(await versions(open)).toEqual(new Set(['1']))
  expect(await versions(next)).toEqual(new Set(['2']))
  const french = model.asked.filter(({ messages }) =>
    messages.some((message) => message.content.includes(WORDS)),
  )
  expect(french).toHaveLength(1)
})
