import { expect, test } from 'vitest'
import { importPrompts } from '../../src/models/prompt-import.ts'
import { readHistory } from '../../src/models/prompt-history.ts'
import { labelledVersion, readVersion } from '../../src/models/prompt-versions.ts'
import { openPrompt, openPromptDatabase } from './prompt-database.ts'
import { folderOf, greetFile } from './prompt-files.ts'

const database = await openPromptDatabase()
const { pool } = database

const production = (name: string) => labelledVersion(pool, { name, label: 'production' })

test('a file becomes a version, and production points to it', async () => {
  const prompt = openPrompt(database)
  const imported = await prompt.import()
  const again = await prompt.import()

  expect(imported).toEqual([{ name: prompt.name, version: 1, moved: true }])
  expect(again).toEqual([])
  expect(await production(prompt.name)).toBe(1)
  expect(await readVersion(pool, { name: prompt.name, version: 1 })).toMatchObject({
    author: 'import',
    source: { content: prompt.read(), partials: {} },
  })
})

test('production follows a file that has changed, and returns with it', async () => {
  const prompt = openPrompt(database)
  const first = prompt.read()
  await prompt.import()
  prompt.save(prompt.text('Dear'))
  await prompt.import()
  const second = await production(prompt.name)
  prompt.save(first)
  await prompt.import()

  expect(second).toBe(2)
  expect(await production(prompt.name)).toBe(1)
})

test('a deploy does not undo a correction that was made meanwhile', async () => {
  const prompt = openPrompt(database)
  await prompt.import()
  await prompt.label(await prompt.push(prompt.text('Dear')))
  const imported = await prompt.import()

  expect(imported).toEqual([])
  expect(await production(prompt.name)).toBe(2)
})

test('a correction that reaches its file changes nothing more', async () => {
  const prompt = openPrompt(database)
  await prompt.import()
  await prompt.label(await prompt.push(prompt.text('Dear')))
  prompt.save(prompt.text('Dear'))

  expect(await prompt.import()).toEqual([{ name: prompt.name, version: 2, moved: false }])
  expect((await readHistory(pool, prompt.name))?.labels).toHaveLength(2)
})

test('several processes import at once, and each file is imported once', async () => {
  const prompt = openPrompt(database)
  const imported = await Promise.all(Array.from({ length: 8 }, () => prompt.import()))
  const history = await readHistory(pool, prompt.name)

  expect(imported.flat()).toHaveLength(1)
  expect(history?.versions).toHaveLength(1)
  expect(history?.labels).toHaveLength(1)
})

test('partials are kept with the version', async () => {
  const folder = folderOf({
    'greet.md': greetFile('{% role "user" %}{{ who }}{% render "tone" %}'),
    'partials/tone.md': 'Be kind.',
    'partials/other.md': 'Unused.',
  })
  await importPrompts(pool, folder)

  const found = await readVersion(pool, { name: 'greet', version: 1 })
  expect(found?.source.partials).toEqual({ tone: 'Be kind.' })
})

test('a wrong file is reported with its line, and nothing is imported', async () => {
  const folder = folderOf({
    'good.md': greetFile('{% role "user" %}{{ who }}').replace('greet', 'good'),
    'greet.md': greetFile('{% role "user" %}\n{{ nobody }}'),
  })

  await expect(importPrompts(pool, folder)).rejects.toThrow(
    /greet\.md: Line 8: input\.schema declares no nobody/,
  )
  expect(await readHistory(pool, 'good')).toBeNull()
})

test.each([
  ['update prompt_versions set content = content'],
  ['delete from prompt_versions'],
  ['truncate prompt_versions cascade'],
  ['update prompt_labels set version = version'],
  ['delete from prompt_labels'],
])('%s is refused', async (statement) => {
  await openPrompt(database).import()

  await expect(pool.query(statement)).rejects.toThrow('append-only')
})
