import { expect, test } from 'vitest'
import { createTokenCounter } from '../../src/models/prompt-tokens.ts'
import { readPrompt } from '../../src/models/prompts.ts'

const schema =
  '{ type: object, required: [body], properties: { body: { type: string }, issue: { type: object, properties: { title: { type: string }, text: { type: string } } }, items: { type: array, items: { type: object, properties: { text: { type: string } } } }, count: { type: integer } } }'

function trimming(trim: string, body = '{{ body }}') {
  const lines = ['---', 'name: x', 'tier: fast', 'config: { max_output_tokens: 10 }']
  const front = [...lines, `input: { schema: ${schema} }`, `trim: ${trim}`, '---']
  const content = [...front, `{% role "user" %}${body}`].join('\n')
  const prompt = readPrompt({ name: 'x', content, partials: {} })
  return (variables: Record<string, unknown>) => prompt.render(variables)[0]?.content ?? ''
}

const sentence = 'The quick brown fox jumps over the lazy dog. '
const tokensOf = (text: string): number => createTokenCounter().count(text)

test('a text that fits stays as it is', () => {
  const text = sentence.repeat(9).trim()

  expect(tokensOf(text)).toBe(90)
  expect(trimming('{ body: 90 tokens }')({ body: text })).toBe(text)
})

test('a text that is too long keeps its beginning, in whole words, and says what is missing', () => {
  const cut = trimming('{ body: 50 tokens }')({ body: sentence.repeat(9) })

  expect(cut).toMatch(/^The quick brown .* fox\n\[… 5\d tokens left out\]$/s)
  expect(tokensOf(cut)).toBeLessThanOrEqual(50)
})

test('a text can keep its end instead', () => {
  const cut = trimming('{ body: last 50 tokens }')({ body: sentence.repeat(9).trim() })

  expect(cut).toMatch(/^\[… 5\d tokens left out\]\n\w+ .* the lazy dog\.$/s)
  expect(tokensOf(cut)).toBeLessThanOrEqual(50)
})

test.each([
  ['equal letters', 'a'.repeat(200_000)],
  ['spaces', `x${' '.repeat(400_000)}x`],
  ['what no word is made of', '!?'.repeat(100_000)],
  ['digits', '0f'.repeat(100_000)],
  ['special tokens', '<|endoftext|>'.repeat(20_000)],
  ['Chinese', '漢字'.repeat(100_000)],
  ['pairs of surrogates', '😀'.repeat(100_000)],
  ['halves of pairs', '\ud83d'.repeat(100_000)],
  ['lines', 'one\n\n  two\n'.repeat(20_000)],
])('%s are cut within the bound, without holding the event loop', (_name, body) => {
  const trim = trimming('{ body: 200 tokens }')
  trim({ body: 'warm' })

  const { cut, cpuMs } = leastOfThree(() => trim({ body }))

  expect(tokensOf(cut)).toBeLessThanOrEqual(200)
  expect(tokensOf(cut)).toBeGreaterThan(10)
  expect(cut).toMatch(/\[… (about )?\d+ tokens left out\]$/)
  expect(cut.isWellFormed()).toBe(body.isWellFormed())
  expect(cpuMs).toBeLessThan(100)
})

// Other work on the machine counts in the time that passes, and not in that of the thread.
function leastOfThree(work: () => string): { cut: string; cpuMs: number } {
  const runs = [1, 2, 3].map(() => {
    const before = process.threadCpuUsage()
    const cut = work()
    const { user, system } = process.threadCpuUsage(before)
    return { cut, cpuMs: (user + system) / 1_000 }
  })
  return runs.reduce((a, b) => (a.cpuMs < b.cpuMs ? a : b))
}

test('a text is cut wherever its path leads, through lists too', () => {
  const trim = trimming(
    '{ issue.text: 20 tokens, items.text: 20 tokens }',
    '{% if issue %}{{ issue | json }}{{ items | json }}{% endif %}',
  )
  const long = sentence.repeat(9)
  const cut = trim({ body: '', issue: { text: long }, items: [{ text: long }, { text: 'short' }] })

  expect(cut.match(/tokens left out/g)).toHaveLength(2)
  expect(cut).toContain('{"text":"short"}')
})

test('an object keeps the fields that matter', () => {
  const trim = trimming(
    '{ issue: { only: [title] } }',
    '{% if issue %}{{ issue | json }}{% endif %}',
  )

  expect(trim({ body: '', issue: { title: 'x', text: 'y', more: 'z' } })).toBe('{"title":"x"}')
  expect(trim({ body: '', issue: {} })).toBe('{}')
})

test('what is not given is not made up', () => {
  const trim = trimming('{ issue.text: 20 tokens }', '{% if issue %}yes{% else %}no{% endif %}')

  expect(trim({ body: '' })).toBe('no')
})

test.each([
  ['fewer tokens than the marker has', '{ body: 19 tokens }', /Line 6: trim\.body: expected/],
  ['another unit', '{ body: 2000 characters }', /Line 6: trim\.body: expected "2000 tokens"/],
  ['what is not declared', '{ text: 50 tokens }', /Line 6: trim\.text: input\.schema does not/],
  ['a number', '{ count: 50 tokens }', /Line 6: trim\.count: Only a text can be cut/],
  ['a list of objects', '{ items: 50 tokens }', /trim\.items: Only a text can be cut/],
  ['fields of a text', '{ body: { only: [a] } }', /trim\.body: Only an object has fields/],
  ['fields that are not declared', '{ issue: { only: [titel] } }', /does not declare titel/],
])('a rule for %s is refused', (_name, trim, message) => {
  expect(() => trimming(trim)).toThrow(message)
})
