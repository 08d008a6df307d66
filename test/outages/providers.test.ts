import { expect, test } from 'vitest'
import type { ServerResponse } from 'node:http'
import { catalogue } from '../../src/triggers/catalogue/index.ts'
import { openTestHouse } from '../house.ts'
import { askInTurn } from '../workflows/ask-in-turn.ts'
import { startsTestWorkflow } from '../triggers.ts'
import { startModelServer } from './model-server.ts'

const model = await startModelServer({ answerMs: 5 })
const { house, namespace, startRun, runThat, startWorker } = await openTestHouse({
  catalogue: { ...catalogue, asks: startsTestWorkflow('ask', askInTurn.name) },
  env: { LLM_PROVIDER: 'openai', OPENAI_API_KEY: 'none', OPENAI_BASE_URL: model.baseUrl },
})
await startWorker()

type Fault = (response: ServerResponse) => void

const answer =
  (status: number, body: string, headers: Record<string, string> = {}): Fault =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
  }

const error = (code: string): string => JSON.stringify({ error: { message: code, code } })

const cut: Fault = (response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write('data: {"choices":[{"index":0,"delta":{"content":"Half an"}}]}\n\n', () =>
    response.destroy(),
  )
}

async function attemptsOf(runId: string): Promise<Record<string, unknown>[]> {
  const { rows } = await house.pool.query(
    `select outcome, failure_code, extract(epoch from started_at - lag(ended_at) over (order by attempt)) as pause
       from ledger where run_id = $1 order by attempt`,
    [runId],
  )
  return rows
}

test.each<[string, Fault, string, number]>([
  [
    '429 with Retry-After',
    answer(429, error('rate_limit_exceeded'), { 'retry-after': '3' }),
    'LLM.RateLimited',
    3,
  ],
  ['500', answer(500, error('server_error')), 'LLM.Server', 2],
  ['a reset connection', (response) => response.destroy(), 'LLM.Connection', 2],
  ['a truncated stream', cut, 'LLM.StreamInterrupted', 2],
  ['HTML with 200', answer(200, '<html>', { 'content-type': 'text/html' }), 'LLM.BadGateway', 2],
])(
  '%s is tried again no sooner than it should be, and the run completes',
  async (_, fault, code, pause) => {
    model.faults.push(fault)

    const id = await startRun('ask', { times: 1 })
    await runThat(id, ({ status }) => status === 'completed')

    const attempts = await attemptsOf(id)
    expect(attempts).toMatchObject([
      { outcome: 'failed', failure_code: code },
      { outcome: 'succeeded' },
    ])
    // The clocks of two statements and a timer may differ by a moment.
    expect(Number(attempts[1]?.['pause'])).toBeGreaterThan(pause - 0.1)
  },
)

test('401 is not tried again, and says what an operator can do', async () => {
  model.faults.push(answer(401, error('invalid_api_key')))
  const calls = model.calls()

  const id = await startRun('ask', { times: 1 })
  const run = await runThat(id, ({ status }) => status === 'failed')

  expect(model.calls() - calls).toBe(1)
  expect(run.failure).toEqual({
    code: 'LLM.Auth',
    message: expect.stringContaining('401'),
    remedy: expect.stringContaining('OPENAI_API_KEY'),
  })
})

test('a run of one model call has at most 12 events in its history', async () => {
  const id = await startRun('ask', { times: 1 })
  await runThat(id, ({ status }) => status === 'completed')

  const { historyLength } = await namespace.client.workflow.getHandle(id).describe()

  expect(historyLength).toBeLessThanOrEqual(12)
})

test('the same prompt asked twice in a run is two steps with two calls', async () => {
  const id = await startRun('ask', { times: 2 })
  const run = await runThat(id, ({ status }) => status === 'completed')

  const { rows } = await house.pool.query(
    'select step from ledger where run_id = $1 order by started_at',
    [id],
  )
  expect(run.result).toBe(2)
  expect(rows).toEqual([{ step: 'chase-review' }, { step: 'chase-review-2' }])
})
