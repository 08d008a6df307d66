import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const src = fileURLToPath(new URL('../src', import.meta.url))

/** Folders from which each folder takes values, and those from which it takes types only. Packages are free. */
const table: Record<string, { values: string[]; types?: string[] }> = {
  contracts: { values: [] },
  store: { values: ['contracts'] },
  providers: { values: ['contracts', 'telemetry'] },
  telemetry: { values: ['contracts'] },
  runs: { values: ['contracts', 'store', 'telemetry'] },
  models: { values: ['contracts', 'store', 'telemetry'] },
  inbox: { values: ['contracts', 'store', 'runs', 'telemetry'] },
  activities: {
    values: ['contracts', 'store', 'providers', 'inbox', 'runs', 'models', 'telemetry'],
  },
  workflows: { values: ['contracts'], types: ['activities'] },
  triggers: { values: ['contracts', 'inbox', 'telemetry'], types: ['workflows'] },
  api: { values: ['contracts', 'store', 'inbox', 'runs', 'models', 'telemetry'] },
  cli: { values: ['contracts', 'api'] },
}
// What may know everything, workflows and the users' own code excepted.
const outside = ['temporal', 'commands', '.']

interface Import {
  file: string
  from: string
  to: string
  typesOnly: boolean
}

const imports = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .flatMap(importsOf)

function importsOf(file: string): Import[] {
  const text = readFileSync(join(src, file), 'utf8')
  const statements = text.matchAll(
    /^(?:import|export)\s([^'";]*?)\sfrom\s'(\.[^']+)'|import\('(\.[^']+)'\)/gms,
  )
  return [...statements].map(([, clause = '', path = '', lazyPath = '']) => ({
    file,
    from: folderOf(file),
    to: folderOf(relative(src, join(src, dirname(file), path || lazyPath))),
    typesOnly: isTypesOnly(clause),
  }))
}

function folderOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] ?? '') : '.'
}

function isTypesOnly(clause: string): boolean {
  if (clause.startsWith('type ')) return true
  const names = /^\{(.*)\}$/s.exec(clause.trim())?.[1]?.split(',') ?? ['']
  return (
    names.every((name) => name.trim() === '' || name.trim().startsWith('type ')) &&
    names.join('').trim() !== ''
  )
}

const show = ({ file, to, typesOnly }: Import): string =>
  `${file} → ${to}${typesOnly ? ' (types)' : ''}`

test('there are imports to look at', () => {
  expect(imports.length).toBeGreaterThan(200)
  expect(imports.some(({ typesOnly }) => typesOnly)).toBe(true)
})

test('every folder has its place in the table', () => {
  const folders = new Set(imports.map(({ from }) => from))

  expect([...folders].filter((name) => !(name in table) && !outside.includes(name))).toEqual([])
})

test('each folder imports only what the table allows', () => {
  const wrong = imports.filter(({ from, to, typesOnly }) => {
    const row = table[from]
    if (row === undefined || from === to) return false
    return !row.values.includes(to) && !(typesOnly && row.types?.includes(to) === true)
  })

  expect(wrong.map(show)).toEqual([])
})

test('only main.ts imports what users write: sources and the catalogue', () => {
  const own = /^triggers\/(sources|catalogue)\//
  const wrong = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && file !== 'main.ts' && !own.test(file))
    .filter((file) =>
      /from '[^']*\/(sources|catalogue)\//.test(readFileSync(join(src, file), 'utf8')),
    )

  expect(wrong).toEqual([])
})

test('workflows are imported by path or type only, by the engine as by everybody', () => {
  const wrong = imports.filter(
    ({ file, from, to, typesOnly }) =>
      to === 'workflows' &&
      from !== 'workflows' &&
      !typesOnly &&
      // It becomes part of the workflows' bundle.
      file !== 'temporal/workflow-interceptors.ts',
  )

  expect(wrong.map(show)).toEqual([])
})

test('process.env stands in main.ts alone', () => {
  const wrong = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && file !== 'main.ts' && file !== 'config.ts')
    .filter((file) => readFileSync(join(src, file), 'utf8').includes('process.env'))

  expect(wrong).toEqual([])
})
