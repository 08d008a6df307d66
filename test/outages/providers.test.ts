import { expect, test } from 'vitest'
import { openModelHouse } from '../llm/house.ts'
import { type Fault, hangsUp, refuses, startModelServer } from './model-server.ts'

const model = await startModelServer({ answerMs: 5 })
const { house, ledgerOf, namespace, startRun, runThat, startWorker } = await openModelHouse(model)
await startWorker()

const page: Fault = (response) => {
  response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')
}

const cut: Fault = (response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write('data: {"choices":[{"index":0,"delta":{"content":"Half an"}}]}\n\n', () =>
    response.destroy(),
  )
}

test.each<[string, Fault, string, number]>([
  [
    '429 with Retry-After',
    refuses(429, 'rate_limit_exceeded', { 'retry-after': '3' }),
    'LLM.RateLimited',
    3,
  ],
  ['500', refuses(500, 'server_error'), 'LLM.Server', 2],
  ['a reset connection', hangsUp, 'LLM.Connection', 2],
  ['a truncated stream', cut, 'LLM.StreamInterrupted', 2],
  ['HTML with 200', page, 'LLM.BadGateway', 2],
])(
  '%s is tried again no sooner than it should be, and the run completes',
  async (_, fault, code, pause) => {
    model.faults.push(fault)

    const id = await startRun('turns', { times: 1 })
    await runThat(id, ({ status }) => status === 'completed')

    const attempts = await ledgerOf(id)
    expect(attempts).toMatchObject([
      { outcome: 'failed', failure_code: code },
      { outcome: 'succeeded' },
    ])
    // The clocks of two statements and a timer may differ by a moment.
    expect(Number(attempts[1]?.['pause'])).toBeGreaterThan(pause - 0.1)
  },
)

test('a run of one model call has at most 12 events in its history', async () => {
  const id = await startRun('turns', { times: 1 })
  await runThat(id, ({ status }) => status === 'completed')

  const { historyLength } = await namespace.client.workflow.getHandle(id).describe()

  expect(historyLength).toBeLessThanOrEqual(12)
})

test('the same prompt asked twice in a run is two steps with two calls', async () => {
  const id = await startRun('turns', { times: 2 })
  const run = await runThat(id, ({ status }) => status === 'completed')

  const { rows } = await house.pool.query(
    'select step from ledger where run_id = $1 order by started_at',
    [id],
  )
  expect(run.result).toBe(2)
  expect(rows).toEqual([{ step: 'chase-review' }, { step: 'chase-review-2' }])
})
