import { expect, test } from 'vitest'
import { readPrompt } from '../../src/models/prompts.ts'
import { greetFile } from './prompt-files.ts'

const output =
  'output: { schema: { type: object, additionalProperties: false, required: [text], properties: { text: { type: string } } } }'

const greet = (
  lines: string[],
  body = '{% role "system" %}Be kind.{% role "user" %}Greet {{ who }}.',
) => readPrompt({ name: 'greet', content: greetFile(body, lines), partials: {} })

test('examples stand before the question, in its form, each with its answer', () => {
  const prompt = greet([
    'examples:',
    '  - { input: { who: Ada }, output: "Hello Ada" }',
    '  - { input: { who: Bob }, output: "Hello Bob" }',
  ])

  expect(prompt.render({ who: 'Cy' })).toEqual([
    { role: 'system', content: 'Be kind.' },
    { role: 'user', content: 'Greet Ada.' },
    { role: 'assistant', content: 'Hello Ada' },
    { role: 'user', content: 'Greet Bob.' },
    { role: 'assistant', content: 'Hello Bob' },
    { role: 'user', content: 'Greet Cy.' },
  ])
})

test('the answer of a prompt with a form is JSON in that form', () => {
  const prompt = greet([output, 'examples: [{ input: { who: Ada }, output: { text: Hello } }]'])

  expect(prompt.render({ who: 'Cy' })[2]).toEqual({
    role: 'assistant',
    content: '{"text":"Hello"}',
  })
})

test('examples are asked by the last user message, and turns before it stay where they are', () => {
  const body =
    '{% role "user" %}Hello{% role "assistant" %}Whom?{% role "user" %}{{ who }}{% role "assistant" %}{'
  const prompt = greet(['examples: [{ input: { who: Ada }, output: A }]'], body)

  expect(prompt.render({ who: 'Cy' }).map(({ content }) => content)).toEqual([
    'Hello',
    'Whom?',
    'Ada',
    'A',
    'Cy',
    '{',
  ])
})

test.each([
  [
    'an input that does not fit',
    ['examples: [{ input: {}, output: x }]'],
    /Line 6: examples\.0: input must have required property 'who'/,
  ],
  [
    'an output that is no text',
    ['examples: [{ input: { who: Ada }, output: 7 }]'],
    /Line 6: examples\.0: output must be string/,
  ],
  [
    'an output that does not fit',
    [
      output,
      'examples:',
      '  - { input: { who: A }, output: { text: x } }',
      '  - { input: { who: A }, output: {} }',
    ],
    /Line 9: examples\.1: output must have required property/,
  ],
  [
    'something else',
    ['examples: [{ input: { who: A }, answer: x }]'],
    /^Line 6: examples\.0.*answer/,
  ],
  [
    'too many',
    [`examples: [${'{ input: { who: A }, output: x }, '.repeat(51)}]`],
    /Line 6: examples: /,
  ],
])('examples with %s are refused', (_name, lines, message) => {
  expect(() => greet(lines)).toThrow(message)
})
