import { expect, test } from 'vitest'
import { until } from '../house.ts'
import { refuses, startModelServer } from '../outages/model-server.ts'
import { openModelHouse } from './house.ts'

const model = await startModelServer({ answerMs: 1 })
const { call, decide, house, ledgerOf, namespace, runThat, startRun, startWorker } =
  await openModelHouse(model)
let worker = await startWorker()

const isParked = ({ status }: { status: string }): boolean => status === 'parked'
const STEP = 'triage-issue'
const triage = { severity: 'normal', labels: ['bug'], summary: 'By hand.' }

/** A run whose second of three questions was refused. */
async function parkedRun(): Promise<string> {
  model.onCall(() => {
    if (model.asked.at(-1)?.messages.some(({ content }) => content.includes('triage')) === true) {
      model.faults.push(refuses(400, 'invalid_value'))
      model.onCall(() => undefined)
    }
  })
  const id = await startRun('around', { title: 'A typo' })
  await runThat(id, isParked)
  return id
}

test('a hopeless failure parks the run, with what an operator can do', async () => {
  const id = await parkedRun()
  const run = await runThat(id, isParked)

  expect(run).toMatchObject({ status: 'parked', waitingFor: null, step: STEP })
  const { body } = await call('/api/parked')
  expect(body.parked.find((each: { runId: string }) => each.runId === id)).toMatchObject({
    id: expect.stringMatching(/^prk_/),
    step: STEP,
    status: 'open',
    failure: {
      code: 'LLM.BadRequest',
      message: expect.stringContaining('400'),
      remedy: expect.stringContaining('look at the prompt'),
    },
  })
  const description = await namespace.client.workflow.getHandle(id).describe()
  expect(description.typedSearchAttributes.getAll()).toContainEqual(
    expect.objectContaining({ value: 'operator' }),
  )
  const details = await namespace.client.workflow
    .getHandle(id)
    .query<{ currentDetails?: string }>('__temporal_workflow_metadata')
  expect(details.currentDetails).toContain(`\`onset runs retry ${id} ${STEP}\``)
  expect(details.currentDetails).toContain('**parked**')
})

test('retry asks again for this step alone: what came before stays paid', async () => {
  const id = await parkedRun()
  const calls = model.calls()

  const decided = await decide(id, STEP, { action: 'retry', by: 'ada', reason: 'Mended.' })
  const run = await runThat(id, ({ status }) => status === 'completed')

  expect(decided).toMatchObject({
    status: 200,
    body: { status: 'retry', decidedBy: 'ada', reason: 'Mended.' },
  })
  // The step itself, and the question after it.
  expect(model.calls() - calls).toBe(2)
  expect(run.result).toMatchObject({ severity: 'low' })
  expect(await ledgerOf(id)).toMatchObject([
    { step: 'chase-review', ask: 1, outcome: 'succeeded' },
    { step: STEP, ask: 1, outcome: 'failed', failure_code: 'LLM.BadRequest' },
    { step: STEP, ask: 2, outcome: 'succeeded' },
    { step: 'chase-review-2', ask: 1, outcome: 'succeeded' },
  ])
})

test('skip goes on with a value that fits the prompt, and the ledger says who answered', async () => {
  const id = await parkedRun()
  const calls = model.calls()

  const wrong = await decide(id, STEP, { action: 'skip', value: { severity: 'urgent' } })
  const decided = await decide(id, STEP, { action: 'skip', value: triage, by: 'ada' })
  const run = await runThat(id, ({ status }) => status === 'completed')

  expect(wrong).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
  expect(decided).toMatchObject({ status: 200, body: { status: 'skip' } })
  expect(run.result).toEqual(triage)
  expect(model.calls() - calls).toBe(1)
  expect(await ledgerOf(id)).toContainEqual(
    expect.objectContaining({ step: STEP, ask: 2, provider: 'operator', output: triage }),
  )
})

test('fail ends the run with the failure that it was parked for', async () => {
  const id = await parkedRun()

  await decide(id, STEP, { action: 'fail' })
  const run = await runThat(id, ({ status }) => status === 'failed')

  expect(run.failure).toMatchObject({ code: 'LLM.BadRequest' })
})

test('the first decision stands', async () => {
  const id = await parkedRun()

  const answers = await Promise.all(
    ['fail', 'retry', 'fail', 'retry'].map((action, index) =>
      decide(id, STEP, { action, by: `operator-${index}` }),
    ),
  )

  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  const refused = answers.filter(({ status }) => status === 409)
  expect(refused).toHaveLength(3)
  const winner = answers.find(({ status }) => status === 200)?.body.decidedBy
  for (const { body } of refused) {
    expect(body).toMatchObject({ code: 'already_decided', parked: { decidedBy: winner } })
  }
})

/** The ids under which the steps of a run are parked. */
async function openStepsOf(runId: string): Promise<string[]> {
  const { body } = await call('/api/parked')
  const parked: { id: string; runId: string }[] = body.parked
  return parked.filter((each) => each.runId === runId).map(({ id }) => id)
}

test('a step that fails again is parked again', async () => {
  const id = await parkedRun()
  const [before] = await openStepsOf(id)
  model.faults.push(refuses(400, 'invalid_value'))

  await decide(id, STEP, { action: 'retry' })
  await until('the step to be parked again', async () => {
    const [after] = await openStepsOf(id)
    return after !== undefined && after !== before
  })
  const decided = await decide(id, STEP, { action: 'retry' })

  expect(decided.status).toBe(200)
  await runThat(id, ({ status }) => status === 'completed')
})

test('nobody decides for a run that was never parked, or has ended, or is of somebody else', async () => {
  const done = await startRun('triage', { title: 'Fine' })
  await runThat(done, ({ status }) => status === 'completed')
  const ended = await parkedRun()
  await decide(ended, STEP, { action: 'fail' })
  await runThat(ended, ({ status }) => status === 'failed')
  const terminated = await parkedRun()
  await namespace.client.workflow.getHandle(terminated).terminate()

  expect(await decide('askAround:internal:0', STEP, { action: 'retry' })).toMatchObject({
    status: 404,
  })
  expect(await decide(done, STEP, { action: 'retry' })).toMatchObject({ status: 404 })
  expect(await decide(ended, STEP, { action: 'retry' })).toMatchObject({
    status: 409,
    body: { code: 'already_decided' },
  })
  expect(await decide(terminated, STEP, { action: 'retry' })).toMatchObject({
    status: 409,
    body: { code: 'run_finished' },
  })
})

test.each([[{ action: 'explode' }], [{ action: 'skip', value: 1, extra: true }], [{}]])(
  '%j is no decision',
  async (body) => {
    expect(await decide('askAround:internal:0', STEP, body)).toMatchObject({
      status: 400,
      body: { code: 'invalid_request' },
    })
  },
)

test('a step that may decline is skipped with an answer', async () => {
  model.faults.push(refuses(400, 'invalid_value'))
  const id = await startRun('try', { title: 'A typo' })
  await runThat(id, isParked)

  await decide(id, STEP, { action: 'skip', value: triage })
  const run = await runThat(id, ({ status }) => status === 'completed')

  expect(run.result).toEqual({ outcome: 'answered', output: triage })
})

test('a failure that does not pass is given up after 20 attempts that count, and parks the run', async () => {
  model.faults.push(refuses(500, 'server_error'), refuses(500, 'server_error'))
  const calls = model.calls()
  const id = await startRun('triage', { title: 'A typo' })
  await runThat(id, () => model.calls() > calls)
  // As if it had gone on for a quarter of an hour. Those that the provider only put off do not count.
  await house.pool.query(
    `insert into ledger (tenant, run_id, step, ask, attempt, prompt, provider, model, prompt_version, outcome, failure_code)
     select 'default', $1, '${STEP}', 1, 1 + number, '${STEP}', 'openai', 'gpt-5-mini', '1', 'failed',
            case when number <= 18 then 'LLM.Server' else 'LLM.RateLimited' end
       from generate_series(1, 25) as number`,
    [id],
  )

  await runThat(id, isParked)

  expect(model.calls() - calls).toBe(2)
  const { body } = await call('/api/parked')
  expect(body.parked).toContainEqual(
    expect.objectContaining({
      runId: id,
      failure: expect.objectContaining({
        code: 'LLM.Server',
        message: expect.stringContaining('given up after 20 attempts'),
      }),
    }),
  )
})

test('a decision while no worker is up is carried out when one is back', async () => {
  const id = await parkedRun()
  await worker.close()

  const decided = await decide(id, STEP, { action: 'skip', value: triage })
  worker = await startWorker()

  expect(decided).toMatchObject({ status: 200, body: { status: 'skip' } })
  expect((await runThat(id, ({ status }) => status === 'completed')).result).toEqual(triage)
})

test('a key that was refused parks the run, and says where the key stands', async () => {
  model.faults.push(refuses(401, 'invalid_api_key'))
  const calls = model.calls()

  const id = await startRun('triage', { title: 'A typo' })
  await runThat(id, isParked)

  expect(model.calls() - calls).toBe(1)
  const { body } = await call('/api/parked')
  expect(body.parked).toContainEqual(
    expect.objectContaining({
      runId: id,
      failure: {
        code: 'LLM.Auth',
        message: expect.stringContaining('401'),
        remedy: expect.stringContaining('OPENAI_API_KEY'),
      },
    }),
  )
})
