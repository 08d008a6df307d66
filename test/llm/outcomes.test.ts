import { expect, test } from 'vitest'
import { ANSWER, declines, refuses, says, startModelServer } from '../outages/model-server.ts'
import { openModelHouse } from './house.ts'

const model = await startModelServer({ answerMs: 1, counts: true })
const { call, ledgerOf, runThat, startRun, startWorker } = await openModelHouse(model)
await startWorker()

const issue = { title: 'A typo' }
const isOver = ({ status }: { status: string }): boolean =>
  ['completed', 'parked', 'failed'].includes(status)

/** What was asked for a run that begins now. */
async function runWith(type: string, faults: typeof model.faults) {
  model.faults.push(...faults)
  const before = model.asked.length
  const id = await startRun(type, issue)
  const run = await runThat(id, isOver)
  return { id, run, asked: model.asked.slice(before) }
}

async function parkedFor(runId: string): Promise<unknown> {
  const { body } = await call('/api/parked')
  return body.parked.find((each: { runId: string }) => each.runId === runId)?.failure
}

test('an answer in the wrong form is asked for once more, with what was wrong', async () => {
  const wrong = JSON.stringify({ severity: 'urgent', labels: [], summary: '' })

  const { id, run, asked } = await runWith('triage', [says(wrong)])

  expect(run).toMatchObject({ status: 'completed', result: { severity: 'low' } })
  expect(asked).toHaveLength(2)
  const [first, second] = asked
  expect(second?.messages.slice(0, -2)).toEqual(first?.messages)
  expect(second?.messages.slice(-2)).toEqual([
    { role: 'assistant', content: wrong },
    { role: 'user', content: expect.stringMatching(/severity.+Answer again/s) },
  ])
  // What the first cost is known all the same.
  expect(await ledgerOf(id)).toMatchObject([
    {
      ask: 1,
      outcome: 'failed',
      failure_code: 'LLM.InvalidOutput',
      input_tokens: 100,
      output_tokens: 20,
      cost_micros: 65,
      output: wrong,
    },
    { ask: 2, outcome: 'succeeded', input_tokens: 100, cost_micros: 65 },
  ])
})

test.each([
  ['no JSON', 'stop', 'LLM.InvalidOutput'],
  ['{"severity":"l', 'length', 'LLM.Truncated'],
])('a second answer that is %j parks the run', async (text, finishReason, code) => {
  const { id, run, asked } = await runWith('triage', [
    says(text, finishReason),
    says(text, finishReason),
  ])

  expect(run.status).toBe('parked')
  expect(asked).toHaveLength(2)
  expect(await parkedFor(id)).toMatchObject({ code, remedy: expect.any(String) })
})

test('an answer that was cut off is asked for once more with twice the room', async () => {
  const { id, run, asked } = await runWith('triage', [says(ANSWER.slice(0, 30), 'length')])

  expect(run.status).toBe('completed')
  expect(asked.map((each) => each.max_completion_tokens)).toEqual([400, 800])
  expect(asked[1]?.messages).toEqual(asked[0]?.messages)
  expect(await ledgerOf(id)).toMatchObject([
    { outcome: 'failed', failure_code: 'LLM.Truncated', output_tokens: 20, cost_micros: 65 },
    { outcome: 'succeeded' },
  ])
})

test('text that was cut off is an answer', async () => {
  model.faults.push(says('Please have a', 'length'))
  const id = await startRun('turns', { times: 1 })
  await runThat(id, isOver)

  expect(await ledgerOf(id)).toMatchObject([{ outcome: 'succeeded', output: 'Please have a' }])
})

test.each([
  ['a model that declines', declines('I would rather not.'), 'model', 'I would rather not.'],
  ['an answer that is filtered', says('', 'content_filter'), 'filter', expect.any(String)],
  ['a question that is filtered', refuses(400, 'content_filter'), 'filter', expect.any(String)],
  [
    'a question about harm',
    refuses(400, 'misalignment_policy_violation'),
    'filter',
    expect.any(String),
  ],
])('%s is an answer where the workflow wants it so', async (_, fault, by, reason) => {
  const { id, run, asked } = await runWith('try', [fault])

  expect(run).toMatchObject({ status: 'completed', result: { outcome: 'declined', by, reason } })
  expect(asked).toHaveLength(1)
  expect(await ledgerOf(id)).toMatchObject([
    { outcome: 'succeeded', input_tokens: expect.any(Number) },
  ])
})

test.each([
  ['a model that declines', declines('I would rather not.'), 'LLM.Refused'],
  ['an answer that is filtered', says('', 'content_filter'), 'LLM.ContentFilter'],
])('%s parks the run otherwise', async (_, fault, code) => {
  const { id, run, asked } = await runWith('triage', [fault])

  expect(run.status).toBe('parked')
  expect(asked).toHaveLength(1)
  expect(await parkedFor(id)).toMatchObject({ code })
})

test('an answer is an answer where the model may decline', async () => {
  const { run } = await runWith('try', [])

  expect(run.result).toEqual({ outcome: 'answered', output: JSON.parse(ANSWER) })
})
