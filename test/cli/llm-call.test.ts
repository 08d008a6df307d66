import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text as textOf } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { CommandContext } from '../../src/cli/command.ts'
import type { WorkflowName } from '../../src/triggers/define.ts'
import { until } from '../house.ts'
import { openModelHouse } from '../llm/house.ts'
import { refuses, says, stalls, startModelServer } from '../outages/model-server.ts'
import { onset as command } from './open-command-line.ts'

const model = await startModelServer({ answerMs: 1, counts: true })
const house = await openModelHouse(model)
const { call, env, ledgerOf, url } = house
await house.startWorker()

const review = { author: 'ada', title: 'Round widgets', url: 'https://e.test/1', daysWaiting: 3 }
const issue = { repository: 'acme/widgets', number: 7, title: 'A typo', body: '' }
const triage = { severity: 'low', labels: ['typo'], summary: 'A typo.' }

const inputFile = join(mkdtempSync(join(tmpdir(), 'onset-')), 'input.json')
writeFileSync(inputFile, JSON.stringify(review))

/** `onset llm call` with what the prompt takes on standard input. */
async function onset(
  argv: string[],
  { input = review, ...others }: Omit<Partial<CommandContext>, 'input'> & { input?: object } = {},
) {
  const before = model.calls()
  const outcome = await command(
    { url, token: env['API_TOKEN'] ?? null },
    ['llm', 'call', ...argv, '--input', '-'],
    { ...others, input: () => Readable.from([Buffer.from(JSON.stringify(input))]) },
  )
  return { ...outcome, calls: model.calls() - before }
}

async function newestRun() {
  const { body } = await call('/api/runs?workflow=tryPrompt&limit=1')
  return body.runs[0]
}

test('a prompt is called, and what it took is one line beside the answer', async () => {
  model.faults.push(says('Please have a look.'))

  const { exitCode, out, error, calls } = await onset(['chase-review'])

  expect({ exitCode, out, calls }).toEqual({ exitCode: 0, out: 'Please have a look.\n', calls: 1 })
  expect(error).toMatch(
    /^openai\/counting, 100 \+ 20 tokens, \$0\.000065, first token after \d+ ms, \d+ ms in all, chase-review version 1\n$/,
  )
  const run = await newestRun()
  expect(run).toMatchObject({ status: 'completed', source: 'api', trigger: 'tryPrompt' })
  expect(await ledgerOf(run.id)).toMatchObject([{ outcome: 'succeeded', cost_micros: 65 }])
  const { body } = await call('/api/spend?by=workflow')
  expect(body.rows).toContainEqual(expect.objectContaining({ key: 'tryPrompt', calls: 1 }))
})

test('on a terminal the text comes as it is written', async () => {
  const pieces: string[] = []
  const print = {
    line: (text: string) => void pieces.push(text),
    piece: (text: string) => void pieces.push(text),
    json: () => undefined,
    error: () => undefined,
  }

  await onset(['chase-review'], { isTerminal: true, print })

  // As the model server writes it: in two pieces, which end with the line.
  expect(pieces.length).toBeGreaterThan(2)
  expect(pieces.at(-1)).toBe('\n')
  expect(JSON.parse(pieces.join(''))).toEqual(triage)
})

test('an object is shown as JSON, and with --json what it took with it', async () => {
  const shown = await onset(['triage-issue'], { input: issue, isTerminal: true })
  const whole = await onset(['triage-issue', '--json'], { input: issue })

  expect(JSON.parse(shown.out)).toEqual(triage)
  expect(JSON.parse(whole.out)).toMatchObject({
    run: expect.stringMatching(/^tryPrompt:api:/),
    output: triage,
    provider: 'openai',
    promptVersion: '1',
    attempts: 1,
    inputTokens: 100,
    outputTokens: 20,
    costMicros: 65,
  })
  expect(whole.error).toBe('')
})

test('what the prompt takes is read from a file', async () => {
  const argv = ['llm', 'call', 'chase-review', '--input', inputFile]

  const { exitCode } = await command({ url, token: env['API_TOKEN'] ?? null }, argv)

  expect(exitCode).toBe(0)
})

test('a version that no label points to is called, by a model that the prompt does not name', async () => {
  const { body } = await call('/api/prompts/chase-review/versions/1')
  const content = `${body.content}\nBe brief.`
  const { partials } = body
  const pushed = await call('/api/prompts/chase-review/versions', { body: { content, partials } })
  const { version } = pushed.body

  const argv = ['--version', String(version), '--model', 'openai/org/huge']
  const { exitCode, error } = await onset(['chase-review', ...argv])

  expect(exitCode).toBe(0)
  expect(error).toContain(`chase-review version ${version}`)
  expect(model.asked.at(-1)).toMatchObject({ model: 'org/huge' })
  expect(model.asked.at(-1)?.messages.at(-1)?.content).toContain('Be brief.')
})

test.each([
  ['a server that fails', refuses(500, 'server_error'), 'LLM.Server', null],
  ['a limit of the provider', refuses(429, 'rate_limit_exceeded'), 'LLM.RateLimited', null],
  ['a model that is not there', refuses(404, 'not_found'), 'LLM.ModelNotFound', 'LLM_CONFIG'],
  ['an answer in the wrong form', says('no JSON'), 'LLM.InvalidOutput', 'look at the prompt'],
])('%s ends the call at once, with what to do', async (_, fault, code, remedy) => {
  model.faults.push(fault)

  const { exitCode, out, error, calls } = await onset(['triage-issue'], { input: issue })

  expect({ exitCode, out, calls }).toEqual({ exitCode: 1, out: '', calls: 1 })
  const [message, ...rest] = error.trimEnd().split('\n')
  expect(message).toContain(`(${code})`)
  expect(rest).toHaveLength(remedy === null ? 1 : 2)
  expect(rest[0]).toContain(remedy ?? 'openai/')
  expect(await newestRun()).toMatchObject({ status: 'failed', failure: { code } })
})

test('once the key is right the next call tries it at once', async () => {
  model.faults.push(refuses(401, 'invalid_api_key'))

  const refused = await onset(['chase-review'])
  const next = await onset(['chase-review'])

  expect(refused).toMatchObject({ exitCode: 1, calls: 1 })
  expect(refused.error).toContain('(LLM.Auth)\nCheck OPENAI_API_KEY')
  expect(next).toMatchObject({ exitCode: 0, calls: 1 })
})

test('a budget holds for calls that try a prompt', async () => {
  const rule = { kind: 'workflow', name: 'tryPrompt' }
  await call('/api/budgets', { method: 'PUT', body: { ...rule, limitMicros: 1, by: 'ada' } })

  const { exitCode, error, calls } = await onset(['chase-review'])
  await call('/api/budgets?kind=workflow&name=tryPrompt', { method: 'DELETE' })

  expect({ exitCode, calls }).toEqual({ exitCode: 1, calls: 0 })
  expect(error).toMatch(
    /^The budget workflow:tryPrompt:.*\(LLM\.BudgetExceeded\)\nRaise the budget/,
  )
})

test('Ctrl-C leaves the model', async () => {
  model.faults.push(stalls)
  const before = { left: model.left.length, calls: model.calls() }
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
  const argv = [main, 'llm', 'call', 'chase-review', '--input', inputFile]

  const { API_TOKEN } = env
  const calling = spawn(process.execPath, argv, { env: { ONSET_URL: url, API_TOKEN } })
  const ended = once(calling, 'exit')
  const said = textOf(calling.stderr)
  await until('the call', async () => model.calls() > before.calls)
  calling.kill('SIGINT')
  const [exitCode] = await ended
  const error = await said

  expect(exitCode).toBe(1)
  expect(error).toContain('The run was cancelled. (Run.Cancelled)')
  expect(model.left.length).toBe(before.left + 1)
  const run = await newestRun()
  expect(run.status).toBe('cancelled')
  expect(await ledgerOf(run.id)).toMatchObject([{ outcome: 'interrupted', usage_estimated: true }])
})

test.each([
  [['nobody'], 4, "The prompt 'nobody' has no version 'production'. (not_found)"],
  [['chase-review', '--version', '9999'], 4, "has no version '9999'. (not_found)"],
  [['triage-issue'], 1, 'input: The prompt triage-issue cannot be filled in:'],
  [['chase-review', '--tier', 'huge'], 1, 'expected a tier out of fast, strong, received huge.'],
  [['chase-review', '--label', 'a', '--version', '1'], 2, 'Expected --label or --version'],
  [['chase-review', '--tier', 'fast', '--model', 'a/b'], 2, 'Expected --tier or --model'],
  [['chase-review', '--version', 'one'], 2, "as --version, received 'one'."],
])('%j is refused before anything starts', async (argv, exitCode, message) => {
  const before = await newestRun()

  const outcome = await onset(argv)

  expect(outcome).toMatchObject({ exitCode, out: '', calls: 0 })
  expect(outcome.error).toContain(message)
  expect(await newestRun()).toEqual(before)
})

test.each([
  ['[1]', "Expected a JSON object in standard input, received '[1]'."],
  ['{', "Expected a JSON object in standard input, received '{'."],
])('%s is nothing that a prompt takes', async (text, message) => {
  const outcome = await command({ url }, ['llm', 'call', 'chase-review', '--input', '-'], {
    input: () => Readable.from([Buffer.from(text)]),
  })

  expect(outcome).toEqual({ exitCode: 2, out: '', error: `${message}\n` })
})

test('no trigger can name what tries prompts, and no event starts it', async () => {
  // @ts-expect-error Triggers start what workflows/index.ts exports.
  const name: WorkflowName = 'tryPrompt'
  const before = await newestRun()

  const event = { type: 'prompt.call', data: { prompt: 'chase-review', variables: review } }
  const accepted = await call('/api/events', { body: event })
  await until('the dispatch', async () => {
    const { body } = await call(`/api/events/${accepted.body.id}`)
    return body.state === 'dispatched' && body.dispatches.length === 0
  })

  expect(await newestRun()).toEqual(before)
  expect(before.workflow).toBe(name)
})
