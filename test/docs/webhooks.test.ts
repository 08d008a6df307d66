import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { presetsByName } from '../../src/triggers/webhook/presets/by-name.ts'
import { composed, judge, now } from '../triggers/webhook/presets/composed.ts'

const document = readFileSync(
  fileURLToPath(new URL('../../docs/webhooks.md', import.meta.url)),
  'utf8',
)
const [verified = [], answered = []] = ['the variable holds', 'answer to an event'].map(tableWith)
const presets = Object.entries(presetsByName).map(([name, make]) => ({
  name,
  preset: make('SECRET'),
}))

/** The rows of the table with this column, without its head. */
function tableWith(column: string): string[][] {
  const table = document.split('\n\n').find((block) => block.includes(`| ${column} `)) ?? ''
  const rows = table.split('\n').slice(2)
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
}

test('both tables have a row for each preset, and no others', () => {
  const names = new Set(presets.map(({ name }) => `\`${name}\``))

  for (const table of [verified, answered]) {
    expect(new Set(table.map(([name]) => name))).toEqual(names)
    expect(table).toHaveLength(names.size)
  }
})

test.each(presets)('the window of $name holds, to the second', async ({ name, preset }) => {
  const window = verified.find(([named]) => named === `\`${name}\``)?.[2] ?? ''
  const seconds = Number.parseInt(window, 10)
  const isGood = async (off: number): Promise<boolean> =>
    (await judge(preset, composed(preset), now.getTime() + off * 1_000)).verified

  const verdicts = await Promise.all([-seconds - 1, -seconds, seconds, seconds + 1].map(isGood))
  const muchLater = await isGood(10 * 365 * 24 * 3_600)

  expect(window === 'none' ? muchLater : verdicts).toEqual(
    window === 'none' ? true : [false, true, true, false],
  )
})

test.each(presets)(
  'what stands there about keys, overload and sizes of $name is true',
  ({ name, preset }) => {
    const { retries, keyIsUnsigned = false, remembersDays = 7, limitBytes = 1024 * 1024 } = preset
    const isSigned = verified.find(([named]) => named === `\`${name}\``)?.[4]

    expect(answered.find(([named]) => named === `\`${name}\``)?.slice(3)).toEqual([
      retries ? '503' : 'kept',
      `${remembersDays} days`,
      `${limitBytes / 1024 / 1024} MB`,
    ])
    expect(keyIsUnsigned).toBe(isSigned === 'no' || isSigned === 'token only')
  },
)
