import pino from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { createPrompts } from '../../src/models/prompt-resolution.ts'
import { longAgo, openPrompt, openPromptDatabase, soon, until } from './prompt-database.ts'

const database = await openPromptDatabase()
const { pool } = database

const runId = 'triageIssue:github:1'

test('a run gets the version that the label pointed to when it began', async () => {
  const prompt = openPrompt(database)
  await prompt.import()
  const prompts = prompt.open()
  const before = soon()
  const first = await prompts.resolve(prompt.name, { runId, at: before })

  await prompt.label(await prompt.push(prompt.text('Dear')))

  // A second apart, so that the two runs lie on both sides of the move.
  const later = new Date(Date.now() + 5_000).toISOString()
  await until(async () =>
    expect((await prompts.resolve(prompt.name, { runId, at: later })).version).toBe('2'),
  )
  const open = await prompts.resolve(prompt.name, { runId, at: longAgo })
  expect(first).toMatchObject({ version: '1', label: 'production' })
  expect(first.render({ who: 'Ada' })).toEqual([{ role: 'user', content: 'Hello Ada' }])
  expect(open.version).toBe('1')
})

test('a new run uses a label that has moved within a second', async () => {
  const prompt = openPrompt(database)
  await prompt.import()
  const prompts = prompt.open()
  const now = () => prompts.resolve(prompt.name, { runId, at: new Date().toISOString() })
  await now()
  const version = await prompt.push(prompt.text('Dear'))

  const moved = performance.now()
  await prompt.label(version)

  await until(async () => expect((await now()).version).toBe('2'))
  expect(performance.now() - moved).toBeLessThan(1_000)
})

test('a run of the last moment keeps its version while the label moves', async () => {
  const prompt = openPrompt(database)
  await prompt.import()
  const prompts = prompt.open()
  const version = await prompt.push(prompt.text('Dear'))
  const at = new Date().toISOString()
  const first = await prompts.resolve(prompt.name, { runId, at })

  await prompt.label(version)
  const fresh = prompt.open()

  expect((await fresh.resolve(prompt.name, { runId, at })).version).toBe(first.version)
})

test('a lost connection loses no label', async () => {
  const prompt = openPrompt(database)
  await prompt.import()
  const prompts = prompt.open()
  const now = () => prompts.resolve(prompt.name, { runId, at: soon() })
  await now()
  await pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and query like 'listen %'`,
  )

  await prompt.label(await prompt.push(prompt.text('Dear')))

  await until(async () => expect((await now()).version).toBe('2'))
})

test('other labels have versions of their own', async () => {
  const prompt = openPrompt(database)
  await prompt.import()
  await prompt.label(await prompt.push(prompt.text('Dear')), { label: 'staging' })
  const prompts = prompt.open()
  const at = soon()

  const staging = await prompts.resolve(prompt.name, { runId, at, label: 'staging' })
  const production = await prompts.resolve(prompt.name, { runId, at })
  expect([staging.version, production.version]).toEqual(['2', '1'])
})

test('a share of runs tries a version out, always the same ones', async () => {
  const prompt = openPrompt(database)
  await prompt.import()
  await prompt.label(await prompt.push(prompt.text('Dear')), { percent: 20 })
  const prompts = prompt.open()
  const at = soon()
  const draw = () =>
    Promise.all(
      Array.from({ length: 500 }, async (_, index) => {
        const { version } = await prompts.resolve(prompt.name, { runId: `run:${index}`, at })
        return version
      }),
    )

  const versions = await draw()

  const share = versions.filter((version) => version === '2').length / versions.length
  expect(share).toBeGreaterThan(0.14)
  expect(share).toBeLessThan(0.26)
  expect(await draw()).toEqual(versions)
})

test('versions are read and parsed once', async () => {
  const prompt = openPrompt(database)
  await prompt.import()
  const prompts = prompt.open()
  const [one, other] = await Promise.all([
    prompts.resolve(prompt.name, { runId, at: soon() }),
    prompts.resolve(prompt.name, { runId: 'another', at: soon() }),
  ])

  expect(one.render).toBe(other.render)
  expect((await prompts.resolve(prompt.name, { runId, at: soon() })).render).toBe(one.render)
})

test('a label does not move to a version that takes something else than the build', async () => {
  const prompt = openPrompt(database)
  await prompt.import()
  const other = prompt.text('Dear').replace('why: { type: string }', 'why: { type: integer }')
  const version = await prompt.push(other)

  expect(await prompt.label(version)).toMatchObject({
    outcome: 'schema_differs',
    message: expect.stringContaining('schema of version 2 is not the one'),
  })
  expect(await prompt.label(99)).toEqual({ outcome: 'unknown' })
  const { resolve } = prompt.open()
  expect((await resolve(prompt.name, { runId, at: soon() })).version).toBe('1')
})

test('the same schemas in another order are the same', async () => {
  const prompt = openPrompt(database)
  const properties = '{ who: { type: string }, why: { type: string } }'
  const other = prompt
    .text('Dear')
    .replace(properties, '{ why: { type: string }, who: { type: string } }')

  expect(await prompt.label(await prompt.push(other))).toMatchObject({ outcome: 'moved' })
})

test('while two builds run, each uses what it was compiled for', async () => {
  const old = openPrompt(database)
  await old.import()
  const oldBuild = old.open()
  old.save(old.text('Dear').replace('why: { type: string }', 'why: { type: integer }'))
  await old.import()
  const newBuild = old.open()

  const versions = await Promise.all(
    [oldBuild, newBuild].flatMap(({ resolve }) =>
      [longAgo, soon()].map(async (at) => (await resolve(old.name, { runId, at })).version),
    ),
  )

  expect(versions).toEqual(['1', '1', '2', '2'])
})

test('what cannot be resolved is said', async () => {
  const prompt = openPrompt(database)
  const { resolve } = prompt.open()
  const at = soon()

  await expect(resolve('nobody', { runId, at })).rejects.toThrow('There is no prompt nobody.')
  await expect(resolve(prompt.name, { runId, at })).rejects.toThrow(
    'The label production of the prompt',
  )
})

test('prompts are closed also before they have listened', async () => {
  const { folder } = openPrompt(database)
  const prompts = createPrompts({ pool, folder, log: pino({ level: 'silent' }) })
  onTestFinished(() => prompts.close())

  await expect(prompts.close()).resolves.toBeUndefined()
})
