import { readFileSync } from 'node:fs'
import { basename, relative } from 'node:path'
import { expect, test } from 'vitest'
import { generatePromptTypes } from '../../src/models/prompt-types.ts'
import { readPrompts } from '../../src/models/prompts.ts'
import { folderOf } from './prompt-files.ts'

const guide = readFileSync('docs/prompts.md', 'utf8')

/** The files of the guide, by their path below `prompts/`. */
const files = Object.fromEntries(
  [...guide.matchAll(/^```liquid (\S+)\n(.*?)^```$/gms)].map(([, path = '', text = '']) => [
    relative('prompts', path),
    text,
  ]),
)

test('the prompt of the guide can be used as it stands', () => {
  const folder = folderOf(files)
  const prompt = readPrompts(folder).get('answer-ticket')
  const messages = prompt?.render({
    customer: 'Bob',
    question: 'Why?',
    history: [{ text: 'It broke. '.repeat(500) }],
    product: 'Onset',
  })

  expect(Object.keys(files).map((path) => basename(path))).toEqual([
    'answer-ticket.md',
    'house-style.md',
  ])
  expect(messages?.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user'])
  expect(messages?.[0]?.content).toMatch(/^You answer customers of Onset\.\nBe brief/)
  expect(messages?.[2]?.content).toBe('{"answer":"Under Account, Invoices.","sure":true}')
  expect(messages?.[3]?.content).toMatch(
    /^<message>\n\[… \d+ tokens left out\]\n.*Bob asks:\n<question>/s,
  )
  expect(generatePromptTypes(readPrompts(folder).values())).toContain(`    output: {
      answer: string
      sure: boolean
    }`)
})

test('the guide names every key of the front matter', () => {
  const keys = [...guide.matchAll(/^\| `([a-z_]+)[.a-z_]*` /gm)].map(([, key]) => key)

  expect([...new Set(keys)].slice(0, 9)).toEqual([
    'name',
    'tier',
    'model',
    'fallback',
    'config',
    'input',
    'output',
    'trim',
    'examples',
  ])
})
