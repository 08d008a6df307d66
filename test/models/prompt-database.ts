import { readFileSync } from 'node:fs'
import pino from 'pino'
import { afterAll, onTestFinished, vi } from 'vitest'
import { importPrompts } from '../../src/models/prompt-import.ts'
import { labelPrompt, pushPrompt } from '../../src/models/prompt-changes.ts'
import { createPrompts } from '../../src/models/prompt-resolution.ts'
import { readPrompts } from '../../src/models/prompts.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openPool } from '../../src/store/pool.ts'
import { createDatabase } from '../harness.ts'
import { folderOf, greetFile, writeInto } from './prompt-files.ts'

const log = pino({ level: 'silent' })

/** A database of its own with the tables of prompts; closed after the file's tests. */
export async function openPromptDatabase() {
  const { url } = await createDatabase()
  const pool = openPool({ databaseUrl: url, size: 10 })
  await migrate(pool)
  afterAll(() => pool.end())
  return { pool, url }
}

/** A folder with one prompt, whose name no other test has, and what is done with it. */
export function openPrompt({ pool }: Awaited<ReturnType<typeof openPromptDatabase>>) {
  names.next += 1
  const name = `greet-${names.next}`
  const text = (greeting: string, lines: string[] = []): string =>
    greetFile(`{% role "user" %}${greeting} {{ who }}`, lines).replace('greet', name)
  const folder = folderOf({ [`${name}.md`]: text('Hello') })
  const build = readPrompts(folder)

  return {
    name,
    folder,
    text,
    build,
    import: () => importPrompts(pool, folder),
    save: (content: string) => writeInto(folder, { name: `${name}.md`, text: content }),
    read: () => readFileSync(`${folder}/${name}.md`, 'utf8'),
    /** The number of the version. */
    async push(content: string): Promise<number> {
      const source = { name, content, partials: {} }
      const pushed = await pushPrompt(pool, { source, build, by: 'ada', message: 'better' })
      if (pushed.outcome === 'invalid') throw new Error(pushed.message)
      return pushed.version.version
    },
    label: (version: number, { label = 'production', percent = 100 } = {}) =>
      labelPrompt(pool, { name, label, version, percent, by: 'ada', build }),
    /** Prompts as a process sees them; closed after the test. */
    open() {
      const prompts = createPrompts({ pool, folder, log })
      onTestFinished(() => prompts.close())
      return prompts
    },
  }
}

const names = { next: 0 }

/** Past the time by which a label that has just moved counts. */
export const soon = (): string => new Date(Date.now() + 1_000).toISOString()

/** A moment that lies before everything that a test does. */
export const longAgo = '2026-01-01T00:00:00.000Z'

/** Waits for something to hold. */
export const until = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 8_000, interval: 5 })
