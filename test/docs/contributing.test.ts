import { spawnSync } from 'node:child_process'
import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
// Below the repository, so that its packages are found.
const copy = `${root}/.onset/contributing-${process.pid}`
const guide = readFileSync(`${root}/CONTRIBUTING.md`, 'utf8')

/** The TypeScript in a document, by the file that its first line names. */
const files = Object.fromEntries(
  [...guide.matchAll(/^```ts\n\/\/ (\S+)\n(.*?)^```$/gms)].map(([, path = '', code = '']) => [
    path,
    code,
  ]),
)
const [workflow = '', trigger = ''] = Object.keys(files)

const mistakes = {
  'a workflow that nobody exports': { file: trigger, from: `'nudgeReviewer'`, to: `'nudgeNobody'` },
  'a prompt that is not there': { file: workflow, from: `'chase-review',`, to: `'chase-nobody',` },
  'data without a field of the workflow': {
    file: trigger,
    from: `(review) => review`,
    to: `({ author, title, url }) => ({ author, title, url })`,
  },
  'a priority that there is not': {
    file: trigger,
    from: `'nudgeReviewer',`,
    to: `'nudgeReviewer', flow: { priority: 'urgent' },`,
  },
  'a field that the prompt does not take': {
    file: workflow,
    from: `'chase-review', review`,
    to: `'chase-review', { ...review, daysWaiting: undefined, days: 3 }`,
  },
}

afterAll(() => rmSync(copy, { recursive: true, force: true }))

test('the workflow and the trigger of the guide compile, and each mistake that it names does not', () => {
  const wrong = Object.values(mistakes).map(({ file, from, to }, index) => {
    const code = files[file] ?? ''
    expect(code).toContain(from)
    const path = file.replace('.ts', `-wrong-${index}.ts`)
    return { path, code: code.replace(from, to) }
  })
  layOut([...Object.entries(files).map(([path, code]) => ({ path, code })), ...wrong])

  const { status, stdout } = spawnSync(`${root}/node_modules/.bin/tsc`, ['--pretty', 'false'], {
    cwd: copy,
    encoding: 'utf8',
  })

  const faulty = stdout.matchAll(/^(src\/\S+?)\(\d+,\d+\): error/gm)
  expect(new Set([...faulty].map(([, path]) => path))).toEqual(
    new Set(wrong.map(({ path }) => path)),
  )
  expect(status).not.toBe(0)
  // The compiler reads the whole repository.
}, 60_000)

test('the README shows what the guides explain', () => {
  const webhooks = readFileSync(`${root}/docs/webhooks.md`, 'utf8')
  const readme = readFileSync(`${root}/README.md`, 'utf8')
  const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code)

  expect(blocks).toHaveLength(3)
  for (const block of blocks) expect(`${guide}${webhooks}`).toContain(block)
})

function layOut(added: { path: string; code: string }[]): void {
  mkdirSync(copy, { recursive: true })
  cpSync(`${root}/src`, `${copy}/src`, { recursive: true })
  cpSync(`${root}/tsconfig.json`, `${copy}/tsconfig.json`)
  for (const { path, code } of added) writeFileSync(`${copy}/${path}`, code)
  appendFileSync(
    `${copy}/src/workflows/index.ts`,
    `export { nudgeReviewer } from './nudge-reviewer.ts'\n`,
  )
  const catalogue = `${copy}/src/triggers/catalogue/index.ts`
  const text = readFileSync(catalogue, 'utf8').replace('= { ', '= { overdueReviews, ')
  writeFileSync(catalogue, `import { overdueReviews } from './overdue-reviews.ts'\n${text}`)
}
