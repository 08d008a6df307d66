import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { promptsCommand } from '../../src/cli/prompts.ts'
import { readSources } from '../../src/models/prompt-source.ts'
import { folderOf, writeInto } from '../models/prompt-files.ts'
import { onset, openCommandLine } from './open-command-line.ts'

const { url } = await openCommandLine()
const name = 'chase-review'

const prompts = (folder: string, ...argv: string[]) =>
  onset({ url }, ['prompts', ...argv], {
    roles: [
      promptsCommand({
        folder,
        readSources: () => Promise.resolve(readSources(folder)),
        writeTypes: () => Promise.resolve(0),
      }),
    ],
  })

/** The prompts of this repository, to be edited. */
function copyOfPrompts(): string {
  const folder = folderOf({})
  cpSync('prompts', folder, { recursive: true })
  return folder
}

const edits = { next: 0 }

/** Adds a line that no test has added before. */
function edit(folder: string): string {
  edits.next += 1
  const line = `Line ${edits.next} of an edit.`
  const text = readFileSync(join(folder, `${name}.md`), 'utf8')
  writeInto(folder, { name: `${name}.md`, text: `${text}${line}\n` })
  return line
}

beforeEach(async () => {
  const { exitCode, error } = await prompts('prompts', 'push', '--label', 'production')
  if (exitCode !== 0) throw new Error(error)
})

test('an edited file is pushed and labelled, and the log says by whom', async () => {
  const folder = copyOfPrompts()
  edit(folder)
  const pushed = await prompts(folder, 'push', name, '--message', 'shorter')
  const version = /version (\d+)/.exec(pushed.out)?.[1] ?? ''
  const labelled = await prompts(folder, 'label', name, 'production', version, '--percent', '50')
  const log = await prompts(folder, 'log', name)

  expect(pushed).toMatchObject({ exitCode: 0, out: `${name}: version ${version}\n` })
  expect(labelled.out).toBe(`${name}: production points to version ${version}.\n`)
  expect(log.out).toMatch(new RegExp(`production → ${version} for 50 % +ada`))
  expect(log.out).toMatch(new RegExp(`version ${version} +ada +shorter`))
})

test('the difference between production and the file is shown', async () => {
  const folder = copyOfPrompts()
  const same = await prompts(folder, 'diff')
  const line = edit(folder)
  const all = await prompts(folder, 'diff')
  const one = await prompts(folder, 'diff', name, 'production', 'file')
  const back = await prompts(folder, 'diff', name, 'file', 'production')

  expect(same).toMatchObject({ exitCode: 0, out: '' })
  expect(all.out).toMatch(
    new RegExp(`^--- ${name} production\n\\+\\+\\+ ${name} file\n@@ .*\\+${line}`, 's'),
  )
  expect(one.out).toBe(all.out)
  expect(back.out).toContain(`-${line}`)
})

test('a version is written into its file, and a partial that has changed stays', async () => {
  const folder = copyOfPrompts()
  writeInto(folder, { name: 'partials/tone.md', text: 'Be kind.' })
  const line = `${edit(folder)} {% render "tone" %}`
  const text = readFileSync(join(folder, `${name}.md`), 'utf8')
  writeInto(folder, { name: `${name}.md`, text: `${text}${line}\n` })
  await prompts(folder, 'push', name, '--label', 'staging')
  const fresh = folderOf({})
  const changed = folderOf({ 'partials/tone.md': 'Be stern.' })

  const pulled = await prompts(fresh, 'pull', name, '--version', 'staging')
  const kept = await prompts(changed, 'pull', name, '--version', 'staging')

  expect(pulled.exitCode).toBe(0)
  expect(readFileSync(join(fresh, `${name}.md`), 'utf8')).toContain(line)
  expect(readFileSync(join(fresh, 'partials/tone.md'), 'utf8')).toBe('Be kind.')
  expect(kept.error).toContain('partials/tone.md is not the one of version')
  expect(readFileSync(join(changed, 'partials/tone.md'), 'utf8')).toBe('Be stern.')
})

test('prompts are listed with their labels', async () => {
  const { out } = await prompts('prompts', 'list')

  expect(out).toMatch(/^PROMPT +LATEST +LABELS/)
  expect(out).toMatch(/daily-digest +1 +production 1/)
})

test('a wrong file is refused with its line', async () => {
  const folder = copyOfPrompts()
  writeInto(folder, {
    name: `${name}.md`,
    text: `${readFileSync(`prompts/${name}.md`, 'utf8')}{{ nobody }}`,
  })

  expect(await prompts(folder, 'push', name)).toMatchObject({
    exitCode: 1,
    error: 'Line 29: input.schema declares no nobody. (prompt_invalid)\n',
  })
})

test.each([
  [['push', 'nobody'], 4, 'There is no file prompts/nobody.md.'],
  [['pull', '../package'], 4, 'not_found'],
  [['log', 'nobody'], 4, 'There is no prompt'],
  [['label', name, 'production', '99'], 4, 'has no version'],
  [['label', name, 'production'], 2, 'Usage: npx onset prompts label'],
  [['label', name, 'production', 'two'], 2, 'Usage: npx onset prompts label'],
  [['lable', name], 2, "Unknown command 'lable'"],
  [['log'], 2, 'Name the prompt'],
])('%j ends with %i', async (argv, exitCode, error) => {
  const outcome = await prompts('prompts', ...argv)

  expect(outcome.exitCode).toBe(exitCode)
  expect(outcome.error).toContain(error)
})
