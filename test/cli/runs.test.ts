import { expect, test } from 'vitest'
import { RunDetails } from '../../src/api/schemas.ts'
import { completed, deltas } from '../api/open-api.ts'
import { onset as command, openCommandLine } from './open-command-line.ts'

const { onset, report, cutOff, url } = await openCommandLine()

const done = 'triageIssue:github:1'
await report(done, [
  {
    type: 'step.started',
    data: { step: 'triage', kind: 'llm', summary: 'ask\u001b[2J the model' },
  },
  ...deltas(2),
  { type: 'step.completed', data: { step: 'triage' } },
  completed,
])
const failed = 'triageIssue:github:2'
const failure = { code: 'LLM.Auth', message: 'The provider refused.', remedy: 'Look.' } as const
await report(failed, [{ type: 'run.failed', data: { failure, last: true } }])

test('runs are listed in aligned columns', async () => {
  const { exitCode, out } = await onset('runs')
  const [heading = '', ...lines] = out.trimEnd().split('\n')

  expect(exitCode).toBe(0)
  expect(heading).toMatch(/^RUN +STATUS +STEP +STARTED +SUMMARY$/)
  expect(lines).toHaveLength(2)
  for (const line of lines) expect(line.indexOf('2026-')).toBe(heading.indexOf('STARTED'))
})

test('runs are a list in JSON, also when there are none', async () => {
  const some: unknown = JSON.parse((await onset('runs', '--status', 'completed', '--json')).out)
  const none: unknown = JSON.parse((await onset('runs', '--status', 'parked', '--json')).out)

  expect(some).toMatchObject([{ id: done, status: 'completed' }])
  expect(none).toEqual([])
})

test('a page names the next one', async () => {
  const { out, error } = await onset('runs', '--limit', '1', '--json')
  const [, cursor = ''] = /--after (\S+)/.exec(error) ?? []
  const next = await onset('runs', '--limit', '1', '--after', cursor, '--json')

  expect(JSON.parse(out)).not.toEqual(JSON.parse(next.out))
  expect(next.error).toBe('')
})

test('a run is shown with its steps, and nothing in it reaches the terminal as a command', async () => {
  const { exitCode, out } = await onset('runs', done)

  expect(exitCode).toBe(0)
  expect(out).toContain('result     {"ok":true}')
  expect(out).toMatch(/triage +llm +completed +0 ms +ask \[2J the model/)
  expect(out).not.toContain('\u001b')
})

test('a failed run says why and what to do', async () => {
  const { out } = await onset('runs', failed)

  expect(out).toContain('failure    The provider refused. (LLM.Auth)')
  expect(out).toContain('remedy     Look.')
})

test('a run in JSON has the shape of the API', async () => {
  const { out } = await onset('runs', done, '--json')

  expect(RunDetails.parse(JSON.parse(out)).id).toBe(done)
})

test('an unknown run is told apart by the exit code', async () => {
  const message = "There is no run 'a:b'. (not_found)\n"

  expect(await onset('runs', 'a:b')).toEqual({ exitCode: 4, out: '', error: message })
  expect(await onset('runs', 'a:b', '--follow')).toEqual({ exitCode: 4, out: '', error: message })
})

test('what the server refuses is said with its code', async () => {
  const { exitCode, error } = await onset('runs', '--status', 'gone')

  expect(exitCode).toBe(1)
  expect(error).toMatch(/^status: .*\(invalid_request\)\n$/)
})

test('a run is followed to its end', async () => {
  const runId = 'triageIssue:github:3'
  await report(runId, [])
  const following = onset('runs', runId, '--follow')
  await report(runId, deltas(2))
  await report(runId, [completed])

  expect(await following).toEqual({
    exitCode: 0,
    out: 'started   triageIssue: a run\ntext 0 \ntext 1 \n\ncompleted {"ok":true}\n',
    error: '',
  })
})

test('a run is followed through broken connections', async () => {
  const runId = 'triageIssue:github:4'
  await report(runId, deltas(2))
  const ids: unknown[] = []
  const begun = Promise.withResolvers<void>()
  const line = (text: string): void => {
    ids.push(Object(JSON.parse(text)).id)
    if (ids.length === 3) begun.resolve()
  }
  const print = { line, piece: () => undefined, json: () => undefined, error: () => undefined }
  const following = command({ url }, ['runs', runId, '--follow', '--json'], { print })
  await begun.promise
  cutOff()
  await report(runId, [...deltas(1, 2), completed])

  expect((await following).exitCode).toBe(0)
  expect(ids).toEqual([1, 2, 3, 4, 5].map((seq) => `${runId}:${seq}`))
})

test('a followed run in JSON is one line for each event', async () => {
  const { out } = await onset('runs', done, '--follow', '--json')
  const events: unknown[] = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

  expect(events).toHaveLength(6)
  expect(events.at(-1)).toEqual({
    id: `${done}:6`,
    type: 'run.completed',
    data: { output: { ok: true }, last: true },
  })
})

test('following a run that fails fails', async () => {
  const { exitCode, out } = await onset('runs', failed, '--follow')

  expect(exitCode).toBe(1)
  expect(out).toContain('failed    The provider refused. (LLM.Auth)')
})
