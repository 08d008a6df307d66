import pino from 'pino'
import { afterAll, expect, test } from 'vitest'
import { createBackground, type Going } from '../../src/activities/background.ts'
import { listBudgets } from '../../src/models/budget-list.ts'
import { setBudgetRule } from '../../src/models/budget-rules.ts'
import { listCalls } from '../../src/models/calls.ts'
import { createReservationSweeper } from '../../src/models/reservations.ts'
import { ChatFailure, type ChatProvider, type ChatRequest } from '../../src/providers/chat.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openPool } from '../../src/store/pool.ts'
import { createDatabase } from '../harness.ts'
import { until } from '../house.ts'
import { provider } from '../providers/calls.ts'
import { inTurn, startFaultServer, stream } from '../providers/fault-server.ts'
import { attemptOf, counted, good, newCall, openAnswer } from './answering.ts'

const { url } = await createDatabase()
const pool = openPool({ databaseUrl: url, size: 4 })
afterAll(() => pool.end())
await migrate(pool)

const config = `
providers:
  slow: { profile: openai, api: responses, baseUrl: 'http://127.0.0.1:1/v1' }
tiers: { fast: [slow/gpt-5-mini], strong: [slow/gpt-5-mini] }`

/** Goes on in the background as resp_1: what the first attempt hears of it, only the second gets. */
function goesOn(failure: ChatFailure) {
  const asked: (ChatRequest & { resume: string | undefined })[] = []
  const model: ChatProvider = {
    name: 'slow',
    chat(request, watch) {
      asked.push({ ...request, resume: watch.resume })
      if (asked.length > 1) return counted(good).chat(request, watch)
      watch.onResponseId?.('resp_1')
      return Promise.reject(failure)
    },
  }
  return { model, asked }
}

const cut = { code: 'LLM.StreamInterrupted', retryable: true, message: 'Cut.' } as const

test('an answer that goes on in the background is resumed, and is not paid before it is there', async () => {
  const { model, asked } = goesOn(
    new ChatFailure({ ...cut, mayBePaid: true, responseId: 'resp_1' }),
  )
  const { answer } = openAnswer(pool, { model, config })
  const call = newCall()
  const beats: Going[] = []
  const heartbeat = (going: Going): void => void beats.push(going)

  const first = createBackground({ details: undefined, heartbeat })
  await answer(call, { ...attemptOf(call), background: first }).catch(() => undefined)
  const second = createBackground({ details: beats.at(-1), heartbeat })
  await answer(call, { ...attemptOf(call, { number: 2 }), background: second })

  expect(asked).toMatchObject([
    { background: true, resume: undefined },
    { background: true, resume: 'resp_1' },
  ])
  expect(await listCalls(pool, call)).toMatchObject([
    { outcome: 'failed', costMicros: null },
    { outcome: 'succeeded', costMicros: expect.any(Number) },
  ])
})

const standing = (status: string, more: object = {}) => ({
  id: 'resp_1',
  model: 'gpt-5-mini',
  status,
  output: [],
  ...more,
})
const created = { type: 'response.created', sequence_number: 0, response: standing('queued') }
const completed = {
  type: 'response.completed',
  sequence_number: 9,
  response: standing('completed', {
    output: [{ type: 'message', content: [{ type: 'output_text', text: JSON.stringify(good) }] }],
    usage: { input_tokens: 1_000, output_tokens: 100 },
  }),
}

/** What happens to the reservation of a worker that was killed, before another takes its call up. */
const meanwhiles = {
  'at once': async () => undefined,
  'after its reservation was swept': async () => {
    await pool.query(`update llm_reservations set expires_at = now() - interval '1 second'`)
    const sweeper = createReservationSweeper({ pool, log: pino({ level: 'silent' }) })
    await until('the sweep', async () => {
      const open = await pool.query(`select 1 from llm_reservations where state = 'open'`)
      return open.rows.length === 0
    })
    await sweeper.stop()
  },
}

test.each(Object.entries(meanwhiles))(
  'the answer of a worker that was killed is booked once by the attempt that resumes it %s',
  async (name, meanwhile) => {
    const limits = { limitMicros: 1_000_000, limitTokens: null, limitCalls: null, softMicros: null }
    await setBudgetRule(pool, { kind: 'trigger', name, ...limits, updatedBy: 'ada' })
    const server = await startFaultServer(
      inTurn(stream([created], 'hang'), stream([created, completed])),
    )
    const model = provider(server, { api: 'responses', timeoutMs: 60_000, idleTimeoutMs: 60_000 })
    const { answer } = openAnswer(pool, { model, config })
    const call = { ...newCall(), trigger: name }
    const beats: Going[] = []
    const heartbeat = (going: Going): void => void beats.push(going)

    // Nothing is heard of it after its id, as of a process that is gone.
    const ended = new AbortController()
    const killed = answer(call, {
      ...attemptOf(call, { signal: ended.signal }),
      background: createBackground({ details: undefined, heartbeat }),
    })
    killed.catch(() => undefined)
    await until('the id of the answer', async () => beats.length > 0)
    await meanwhile()
    await answer(call, {
      ...attemptOf(call, { number: 2 }),
      background: createBackground({ details: beats.at(-1), heartbeat }),
    })

    const calls = await listCalls(pool, call)
    const today = new Date().toISOString().slice(0, 10)
    const scope = `trigger:${name}:${today}`
    const budgets = await listBudgets(pool, { scope, limit: 1 })
    ended.abort()
    await killed.catch(() => undefined)

    // $0.25 and $2 for a million tokens.
    const costMicros = 450
    expect(calls).toMatchObject([
      { outcome: 'interrupted', costMicros: null, costSource: null, usageEstimated: false },
      { outcome: 'succeeded', costMicros, usageEstimated: false },
    ])
    expect(budgets).toMatchObject([
      { spentMicros: costMicros, spentTokens: 1_100, reservedMicros: 0, calls: 1 },
    ])
    expect(server.requests.map(({ method }) => method).slice(0, 2)).toEqual(['POST', 'GET'])
  },
)

test('what goes on after a worker was shut down stays reserved until it is there', async () => {
  const name = 'shut down'
  const limits = { limitMicros: 1_000_000, limitTokens: null, limitCalls: null, softMicros: null }
  await setBudgetRule(pool, { kind: 'trigger', name, ...limits, updatedBy: 'ada' })
  const { model } = goesOn(new ChatFailure({ ...cut, mayBePaid: true, responseId: 'resp_1' }))
  const { answer } = openAnswer(pool, { model, config })
  const call = { ...newCall(), trigger: name }
  const beats: Going[] = []
  const heartbeat = (going: Going): void => void beats.push(going)
  const today = new Date().toISOString().slice(0, 10)
  const budget = () => listBudgets(pool, { scope: `trigger:${name}:${today}`, limit: 1 })

  const first = createBackground({ details: undefined, heartbeat })
  await answer(call, { ...attemptOf(call), background: first }).catch(() => undefined)
  const [between] = await budget()
  const second = createBackground({ details: beats.at(-1), heartbeat })
  await answer(call, { ...attemptOf(call, { number: 2 }), background: second })
  const [after] = await budget()

  expect(between).toMatchObject({ spentMicros: 0, calls: 1 })
  expect(between?.reservedMicros).toBeGreaterThan(0)
  expect(after).toMatchObject({ reservedMicros: 0, calls: 1 })
})

test('an answer that cannot be had any more is asked for anew', async () => {
  const { model } = goesOn(new ChatFailure({ ...cut, mayBePaid: true }))
  const { answer } = openAnswer(pool, { model, config })
  const call = newCall()
  const beats: Going[] = []

  const background = createBackground({
    details: undefined,
    heartbeat: (going) => void beats.push(going),
  })
  await answer(call, { ...attemptOf(call), background }).catch(() => undefined)

  expect(beats).toEqual([
    { provider: 'slow', responseId: 'resp_1', reservationId: expect.any(String) },
    null,
  ])
  expect(await listCalls(pool, call)).toMatchObject([{ usageEstimated: true }])
})

test('telemetry hears how each call ended, and what it cost', async () => {
  const { answer, traced } = openAnswer(pool, { model: counted('no JSON', good) })
  const call = newCall()

  await answer(call, attemptOf(call)).catch(() => undefined)
  const again = { ...call, ask: 2, corrects: 1 }
  await answer(again, attemptOf(again))

  expect(traced).toMatchObject([
    { error: 'LLM.InvalidOutput', costMicros: expect.any(Number), text: 'no JSON' },
    { error: null, costMicros: expect.any(Number), finishReason: 'stop' },
  ])
})
