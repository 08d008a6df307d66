import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { generatePromptTypes } from '../../src/models/prompt-types.ts'
import { readPrompts } from '../../src/models/prompts.ts'

const words = (count: number): string[] => Array.from({ length: count }, (_, at) => `word ${at}`)

const properties = {
  plain: { type: 'string' },
  'two words': { type: 'integer' },
  flag: { type: ['boolean', 'null'] },
  names: { type: 'array', items: { type: 'string' } },
  kinds: {
    type: 'array',
    items: { type: 'string', enum: ['a', "it's", 'say "x"', 'back\\slash'] },
  },
  one: { enum: [1, true, null] },
  many: { type: 'string', enum: words(20) },
  manyLists: { type: 'array', items: { type: 'string', enum: words(20) } },
  inner: {
    type: ['object', 'null'],
    additionalProperties: false,
    required: ['deep'],
    properties: { deep: { type: 'array', items: { type: ['number', 'null'] } } },
  },
  list: {
    type: 'array',
    items: {
      type: 'object',
      additionalProperties: false,
      required: ['x'],
      properties: { x: { type: ['string', 'null'] } },
    },
  },
}

const front = {
  name: 'odd-one',
  tier: 'strong',
  config: { max_output_tokens: 10 },
  input: {
    schema: {
      type: 'object',
      required: ['plain'],
      properties: { ...properties, any: { type: 'object' } },
    },
  },
  output: {
    schema: {
      type: 'object',
      additionalProperties: false,
      required: Object.keys(properties),
      properties,
    },
  },
}

function folderWith(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'prompts-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'odd-one.md'), content)
  return folder
}

const typesOf = (folder: string): string => generatePromptTypes(readPrompts(folder).values())

test('the committed types are those of the prompts', () => {
  expect(readFileSync('src/contracts/prompts.ts', 'utf8')).toBe(typesOf('prompts'))
})

test('every kind of schema has its type', () => {
  const folder = folderWith(`---\n${JSON.stringify(front)}\n---\n{% role "user" %}{{ plain }}`)

  const types = typesOf(folder)

  expect(types).toContain(`    input: {
      plain: string
      'two words'?: number
      flag?: boolean | null
      names?: string[]
      kinds?: ('a' | "it's" | 'say "x"' | 'back\\\\slash')[]
      one?: 1 | true | null
      many?:
        | 'word 0'`)
  expect(types).toContain(`      inner?: {
        deep: (number | null)[]
      } | null
      list?: {
        x: string | null
      }[]
      any?: Record<string, unknown>
    }
    output: {
      plain: string`)
})

test('the formatter has nothing to change', () => {
  const folder = folderWith(`---\n${JSON.stringify(front)}\n---\n{% role "user" %}{{ plain }}`)
  const types = typesOf(folder)
  const path = join(folder, 'prompts.ts')
  writeFileSync(path, types)

  execFileSync('node_modules/.bin/oxfmt', ['-c', '.oxfmtrc.json', path])

  expect(readFileSync(path, 'utf8')).toBe(types)
})

test('a schema without a type is refused with its place', () => {
  const odd = { ...front, output: { schema: { anyOf: [{ type: 'string' }] } } }
  const folder = folderWith(`---\n${JSON.stringify(odd)}\n---\n{% role "user" %}{{ plain }}`)

  expect(() => readPrompts(folder)).toThrow(/odd-one\.md: Line 2: output\.schema.*anyOf/)
})
