import { cpSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { watchPrompts } from '../../src/models/prompt-watch.ts'
import { labelledVersion } from '../../src/models/prompt-versions.ts'
import { openPrompt, openPromptDatabase, until } from './prompt-database.ts'
import { folderOf, greetFile, writeInto } from './prompt-files.ts'

const database = await openPromptDatabase()
const { pool } = database

/** A prompt that is being edited. */
async function openEditing() {
  const prompt = openPrompt(database)
  writeInto(prompt.folder, { name: 'partials/tone.md', text: 'kindly' })
  await prompt.import()
  const lines: string[] = []
  const written: string[] = []
  const { folder, build, name } = prompt
  const watching = watchPrompts({
    pool,
    folder,
    build,
    by: 'ada',
    tell: (line) => void lines.push(line),
    writeTypes: (prompts) =>
      void written.push(prompts.map((each) => `${each.name} ${each.schemasSha256}`).join()),
  })
  onTestFinished(() => watching.close())
  await until(() => expect(written).toHaveLength(1))
  const schemas = `${name} ${build.get(name)?.schemasSha256}`
  const production = () => labelledVersion(pool, { name, label: 'production' })
  /** What the person has been told, once it is so much. */
  async function told(count: number): Promise<string[]> {
    await until(() => expect(lines.length).toBeGreaterThanOrEqual(count))
    return lines
  }
  const inUse = (version: number) => `${name} version ${version} is in use.`
  return { ...prompt, lines, written, schemas, production, told, inUse }
}

/** A prompt that no workflow can have been compiled for. */
const stray = greetFile('{% role "user" %}Hi {{ who }}').replace('greet', 'stray')

test('a file that is saved is in use at once, and the types stay', async () => {
  const { save, text, production, written, schemas, told, inUse } = await openEditing()
  save(text('Dear'))

  expect(await told(1)).toEqual([inUse(2)])
  expect(await production()).toBe(2)
  expect(new Set(written)).toEqual(new Set([schemas]))
})

test('a partial that is saved is in use at once', async () => {
  const { save, text, folder, told, inUse, production } = await openEditing()
  save(text('Dear {% render "tone" %}'))
  expect(await told(1)).toEqual([inUse(2)])
  writeInto(folder, { name: 'partials/tone.md', text: 'sternly' })

  expect(await told(2)).toEqual([inUse(2), inUse(3)])
  expect(await production()).toBe(3)
})

test('a wrong file leaves the last good version in use and is reported once, with its line', async () => {
  const { save, text, folder, name, told, production } = await openEditing()
  const wrong = `${name}.md is wrong, and the last good version stays in use. Line 7: input.schema declares no nobody.`
  save(text('{{ nobody }}'))
  expect(await told(1)).toEqual([wrong])
  save(`${text('{{ nobody }}')} `)
  writeInto(folder, { name: 'stray.md', text: stray })

  expect(await told(2)).toEqual([wrong, 'stray.md is new: start again to use it.'])
  expect(await production()).toBe(1)

  save(text('Hello'))

  expect(await told(3)).toEqual([
    wrong,
    'stray.md is new: start again to use it.',
    `${name}.md is again what it was when it was imported last.`,
  ])
  expect(await production()).toBe(1)
})

test('other schemas make other types and wait for the next start', async () => {
  const { save, text, name, told, production, written, schemas } = await openEditing()
  save(text('Dear').replace('why: { type: string }', 'why: { type: integer }'))

  expect(await told(1)).toEqual([
    `${name}.md takes or answers something else: start again to use it.`,
  ])
  await until(() => expect(written.at(-1)).not.toBe(schemas))
  expect(await production()).toBe(1)
})

test('no types are made while a file is wrong', async () => {
  const { save, text, folder, lines, written } = await openEditing()
  save('---')
  await until(() => expect(lines).toHaveLength(1))
  const before = written.length
  writeInto(folder, { name: 'stray.md', text: stray })
  await until(() => expect(lines).toHaveLength(2))
  save(text('Dear'))
  await until(() => expect(lines).toHaveLength(3))

  await until(() => expect(written).toHaveLength(before + 1))
  expect(written.at(-1)).toContain('stray')
})

test('a file that takes the place of another is in use, as editors save it', async () => {
  const { folder, name, text, told, inUse } = await openEditing()
  writeFileSync(join(folder, `${name}.md~`), text('Dear'))
  renameSync(join(folder, `${name}.md~`), join(folder, `${name}.md`))
  expect(await told(1)).toEqual([inUse(2)])

  rmSync(join(folder, `${name}.md`))
  writeFileSync(join(folder, `${name}.md`), text('Lovely'))

  expect(await told(2)).toEqual([inUse(2), inUse(3)])
})

test('a file that is gone is reported, and is in use again when it comes back', async () => {
  const { folder, name, save, text, told, inUse, production } = await openEditing()
  const gone = `${name}.md is gone, and its last version stays in use.`
  rmSync(join(folder, `${name}.md`))
  expect(await told(1)).toEqual([gone])
  expect(await production()).toBe(1)
  save(text('Dear'))

  expect(await told(2)).toEqual([gone, inUse(2)])
})

test('a file that is renamed is gone under the one name and wrong under the other', async () => {
  const { folder, name, told } = await openEditing()
  renameSync(join(folder, `${name}.md`), join(folder, 'other.md'))

  expect(await told(2)).toEqual([
    `${name}.md is gone, and its last version stays in use.`,
    `other.md is wrong, and the last good version stays in use. The name is ${name}, but the file other.md.`,
  ])
})

test('a folder that takes the place of another is followed, and its partials with it', async () => {
  const { folder, save, text, told, inUse } = await openEditing()
  const copy = join(folderOf({}), 'copy')
  cpSync(folder, copy, { recursive: true })
  renameSync(folder, `${copy}-old`)
  renameSync(copy, folder)
  save(text('Dear {% render "tone" %}'))
  expect(await told(1)).toEqual([inUse(2)])

  rmSync(join(folder, 'partials'), { recursive: true })
  writeInto(folder, { name: 'partials/tone.md', text: 'sternly' })
  expect(await told(2)).toEqual([inUse(2), inUse(3)])
  writeInto(folder, { name: 'partials/tone.md', text: 'kindly again' })

  expect(await told(3)).toEqual([inUse(2), inUse(3), inUse(4)])
})

test('of a file that is written piece by piece only the whole is in use', async () => {
  const { save, text, told, inUse, production } = await openEditing()
  const whole = text(`Dear ${'friend '.repeat(200)}`)
  for (let length = 0; length <= whole.length; length += 20) {
    save(whole.slice(0, length))
    await turn()
  }
  save(whole)

  expect(await told(1)).toEqual([inUse(2)])
  expect(await production()).toBe(2)
})

test('the lock of an editor, which leads nowhere, is no prompt', async () => {
  const { folder, name, save, text, told, inUse } = await openEditing()
  symlinkSync('ada@machine.1234:1', join(folder, `.#${name}.md`))
  save(text('Dear'))

  expect(await told(1)).toEqual([inUse(2)])
})
