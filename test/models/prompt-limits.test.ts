import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { readPrompt, readPromptInTurns } from '../../src/models/prompts.ts'
import { greetFile } from './prompt-files.ts'

const user = (body: string): string => greetFile(`{% role "user" %}\n{{ who }}${body}`)
const source = (content: string) => ({ name: 'greet', content, partials: {} })

const endless: [string, string, RegExp][] = [
  ['a loop that never ends', '{% for i in (1..1000000000) %}x{% endfor %}', /Line 8: .*limit/],
  [
    'a loop in a loop',
    '{% for i in (1..2000) %}{% for j in (1..20) %}{% for k in (1..9) %}{{ k }}{% endfor %}{% endfor %}{% endfor %}',
    /limit/,
  ],
  [
    'a text that doubles',
    '{% assign x = who %}{% for i in (1..99) %}{% assign x = x | append: x %}{% endfor %}',
    /Line 8: .*limit/,
  ],
  ['a long list that is sorted', '{% assign x = (1..900000) | reverse | sort %}', /limit/],
  ['a long list without what it has twice', '{% assign x = (1..400000) | uniq %}', /limit/],
  ['tags without end', '{{ who }}'.repeat(9_000), /Expected 1000 tags at most, received 900/],
  ['a text without end', 'x'.repeat(100_001), /Expected 100000 characters at most/],
]

test.each(endless)('%s is refused, and the event loop goes on', async (_name, body, message) => {
  const attempt = () => readPromptInTurns(source(user(body)))
  await attempt().catch(() => undefined)

  const held = [await longestTurn(attempt), await longestTurn(attempt), await longestTurn(attempt)]

  await expect(attempt()).rejects.toThrow(message)
  expect(Math.min(...held)).toBeLessThan(100)
})

test('a prompt that is large but in order is read without holding the event loop', async () => {
  const content = user(`${'{{ who }} is a word. '.repeat(990)}${'x'.repeat(70_000)}`)
  const attempt = () => readPromptInTurns(source(content))
  await attempt()

  const held = [await longestTurn(attempt), await longestTurn(attempt), await longestTurn(attempt)]

  expect(Math.min(...held)).toBeLessThan(100)
})

test('a prompt that takes too long with the values of a call is stopped', () => {
  const body =
    '{% for i in who %}{% for j in who %}{% for k in who %}x{% endfor %}{% endfor %}{% endfor %}'
  const content = user(body).replace(
    '{ who: { type: string }',
    '{ who: { type: array, items: { type: integer } }',
  )
  const prompt = readPrompt(source(content))
  const who = Array.from({ length: 1_000 }, (_, index) => index)

  const heldMs = [1, 2, 3].map(() => {
    const before = process.threadCpuUsage()
    expect(() => prompt.render({ who })).toThrow(/limit/)
    return process.threadCpuUsage(before).user / 1_000
  })

  expect(Math.min(...heldMs)).toBeLessThan(100)
})

test('a text of a megabyte passes through filters', () => {
  const prompt = readPrompt(source(greetFile('{% role "user" %}{{ who | strip | json }}')))
  const who = 'word '.repeat(200_000).trim()

  expect(prompt.render({ who })[0]?.content).toBe(JSON.stringify(who))
})

/** The longest that the event loop was held while the work went on, in milliseconds of this thread. */
async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  const state = { working: true }
  const stop = () => void (state.working = false)
  const done = work().then(stop, stop)
  let longest = 0
  while (state.working) {
    const before = process.threadCpuUsage()
    await turn()
    const used = process.threadCpuUsage(before)
    longest = Math.max(longest, (used.user + used.system) / 1_000)
  }
  await done
  return longest
}
