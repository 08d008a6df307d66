import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { operations } from '../../src/api/operations.ts'
import { problems } from '../../src/api/problems.ts'
import { EXIT } from '../../src/cli/exit.ts'
import { remedies } from '../../src/contracts/failures.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const markdown = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name))
const documents = [...markdown('.'), ...markdown('docs')]

/** The cells of every row of every table, without the space around them. */
const rows = (document: string): string[][] =>
  [...read(document).matchAll(/^\|(.*)\|$/gm)].map(([, cells = '']) =>
    cells.split('|').map((cell) => cell.trim()),
  )

test.each(documents)('every link of %s leads somewhere', (document) => {
  const links = [...read(document).matchAll(/\]\(([^)]+)\)/g)].map(([, link = '']) => link)
  const files = links.filter((link) => !link.startsWith('https://'))

  expect(files.filter((file) => !existsSync(join(root, dirname(document), file)))).toEqual([])
})

test.each(documents)('every file that %s names is there', (document) => {
  const text = read(document).replaceAll(/^```.*?^```$/gms, '')
  const named = [...text.matchAll(/`((?:src|dev|test|prompts|deploy|docs)\/[^`*<]*)`/g)]
  const examples = /nudge-reviewer|overdue-reviews/

  const missing = named
    .map(([, path = '']) => path)
    .filter((path) => !examples.test(path) && !existsSync(join(root, path)))
  expect(missing).toEqual([])
})

test('ARCHITECTURE.md has a row for each table', () => {
  const folder = join(root, 'src/store/migrations')
  const tables = readdirSync(folder).flatMap((migration) =>
    [...readFileSync(join(folder, migration), 'utf8').matchAll(/^create table (\w+)/gm)].map(
      ([, table]) => [`\`${table}\``, `\`${migration}\``],
    ),
  )

  const listed = rows('ARCHITECTURE.md').map(([table, , migration]) => [table, migration])
  expect(listed).toEqual(expect.arrayContaining(tables))
})

test('docs/operations.md has the remedy of each failure', () => {
  const listed = rows('docs/operations.md').map(([code, , remedy]) => [code, remedy])

  for (const [code, remedy] of Object.entries(remedies)) {
    expect(listed).toContainEqual([`\`${code}\``, remedy])
  }
})

test('docs/api.md has each endpoint', () => {
  const listed = rows('docs/api.md').map(([endpoint]) => endpoint)
  const endpoints = operations.map(
    ({ method, path }) =>
      `\`${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, (_, name) => `:${name}`)}\``,
  )

  expect(listed).toEqual(expect.arrayContaining(endpoints))
})

test('docs/api.md has each problem with its status', () => {
  const listed = rows('docs/api.md').map(([code, status]) => [code, status])
  const all = Object.entries(problems).map(([code, { status }]) => [`\`${code}\``, String(status)])

  expect(listed).toEqual(expect.arrayContaining(all))
})

test('docs/api.md has each exit code', () => {
  const listed = rows('docs/api.md').map(([code]) => code)

  expect(listed).toEqual(expect.arrayContaining(Object.values(EXIT).map(String)))
})
