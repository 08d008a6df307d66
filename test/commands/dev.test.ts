import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { freePort } from '../../dev/ports.ts'
import { startService } from '../../dev/service.ts'
import { createDatabase, createNamespace } from '../harness.ts'
import { secrets, until } from '../house.ts'

// `npm start` in a copy of this repository, on the servers of the tests. The copy lies below the repository, so that its
// packages are found.
const root = fileURLToPath(new URL('../..', import.meta.url))
const copy = `${root}.onset/dev-${process.pid}`
mkdirSync(copy, { recursive: true })
for (const part of ['package.json', 'tsconfig.json', 'src', 'dev', 'prompts']) {
  cpSync(`${root}${part}`, `${copy}/${part}`, { recursive: true })
}
afterAll(() => rmSync(copy, { recursive: true, force: true }))

const { url: databaseUrl } = await createDatabase()
const { address, namespace } = await createNamespace()
const port = await freePort()
const url = `http://127.0.0.1:${port}`
const authorization = 'Bearer a-token-for-tests-only'

let output = ''
const start = startService({
  name: 'npm start',
  command: process.execPath,
  args: ['src/main.ts', 'dev'],
  cwd: copy,
  stopSignal: 'SIGINT',
  listen: (text) => (output += stripVTControlCharacters(text)),
  env: {
    ...process.env,
    ...secrets,
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    PORT: String(port),
    API_TOKEN: 'a-token-for-tests-only',
    LLM_PROVIDER: 'scripted',
    SHUTDOWN_GRACE_SECONDS: '1',
  },
})
afterAll(() => start.stop(), 30_000)
await Promise.race([
  until('npm start', async () => output.includes('Onset is ready.'), { timeoutMs: 120_000 }),
  start.ended.then(({ message }) => Promise.reject(new Error(message))),
])

// Tests say what they expect of it.
// oxlint-disable-next-line typescript/no-explicit-any
async function call(path: string, body?: object): Promise<any> {
  const response = await fetch(`${url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return response.json()
}

/** A run that asks for a reminder three times, a second and a half apart. */
async function startRun(): Promise<string> {
  const data = {
    author: 'ada',
    title: 'Round widgets',
    url: 'https://example.test/8',
    pullRequest: 'acme/widgets#8',
    remindAfterHours: 1.5 / 3_600,
  }
  const { id } = await call('/api/events', { type: 'review.requested', data })
  return until('a run', async () => (await call(`/api/events/${id}`)).dispatches[0]?.runId)
}

/** The versions that a run has used, call by call, once there are so many. */
const versionsOf = (runId: string, count: number): Promise<string[]> =>
  until(
    `${count} calls of ${runId}`,
    async () => {
      const { calls } = await call(`/api/ledger?run=${encodeURIComponent(runId)}`)
      const versions = calls.map((each: { promptVersion: string }) => each.promptVersion)
      return versions.length >= count && versions
    },
    { timeoutMs: 30_000 },
  )

/** Edits a file, and answers what the terminal says of it as soon as it does. */
async function edit(
  path: string,
  { change, says }: { change: (text: string) => string; says: RegExp },
): Promise<RegExpExecArray> {
  const before = output.length
  writeFileSync(`${copy}/${path}`, change(readFileSync(`${copy}/${path}`, 'utf8')))
  return until(String(says), async () => says.exec(output.slice(before)))
}

/** Resolves that much later. */
function passes(ms: number): Promise<boolean> {
  const since = performance.now()
  return until(`${ms} ms to pass`, async () => performance.now() - since >= ms)
}

const reminder = 'prompts/chase-review.md'
const inUse = /^chase-review version (\d+) is in use\.$/m

test('a saved file is used by runs that begin a second later, and open runs keep what they began with', async () => {
  const open = await startRun()
  const [first = ''] = await versionsOf(open, 1)

  const aSecond = passes(1_000)
  const [, saved = ''] = await edit(reminder, {
    change: (text) => `${text}Say it in French.\n`,
    says: inUse,
  })
  await aSecond
  const next = await startRun()

  expect(Number(saved)).toBeGreaterThan(Number(first))
  expect(await versionsOf(next, 1)).toEqual([saved])
  expect(await versionsOf(open, 3)).toEqual([first, first, first])
}, 60_000)

test('a wrong file is told of with its line, and what was in use stays in use', async () => {
  const aSecond = passes(1_000)
  const [, before = ''] = await edit(reminder, {
    change: (text) => `${text}Be brief.\n`,
    says: inUse,
  })
  const lines = readFileSync(`${copy}/${reminder}`, 'utf8').split('\n').length
  const [, line] = await edit(reminder, {
    change: (text) => `${text}{{ nobody }}\n`,
    says: /^chase-review\.md is wrong, and the last good version stays in use\. Line (\d+): input\.schema declares no nobody\.$/m,
  })
  await aSecond
  const during = await startRun()
  const [, after = ''] = await edit(reminder, {
    change: (text) => text.replace('{{ nobody }}', 'Be kind.'),
    says: inUse,
  })

  expect(Number(line)).toBe(lines)
  expect(await versionsOf(during, 1)).toEqual([before])
  expect(Number(after)).toBeGreaterThan(Number(before))
}, 60_000)

test('other variables become other types, for which the workflows no longer compile', async () => {
  expect(compile()).toEqual([])
  const original = readFileSync(`${copy}/prompts/triage-issue.md`, 'utf8')
  await edit('prompts/triage-issue.md', {
    change: (text) => text.replaceAll('repository', 'project'),
    says: /^triage-issue\.md takes or answers something else: start again to use it\.\nsrc\/contracts\/prompts\.ts is written\.$/m,
  })
  const faulty = compile()
  await edit('prompts/triage-issue.md', {
    change: () => original,
    says: /^triage-issue\.md is again what it was when it was imported last\.\nsrc\/contracts\/prompts\.ts is written\.$/m,
  })

  expect(faulty).toEqual(['src/workflows/triage-issue.ts'])
  expect(compile()).toEqual([])
}, 60_000)

/** The files in which the compiler finds faults. */
function compile(): string[] {
  const { stdout } = spawnSync(`${root}node_modules/.bin/tsc`, ['--pretty', 'false'], {
    cwd: copy,
    encoding: 'utf8',
  })
  return [...stdout.matchAll(/^(\S+?)\(\d+,\d+\): error/gm)].map(([, path = '']) => path)
}
