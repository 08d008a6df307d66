import { expect, test } from 'vitest'
import { readPrompt, readPrompts } from '../../src/models/prompts.ts'
import { folderOf, greetFile } from './prompt-files.ts'

const greet = (body: string, partials: Record<string, string> = {}) =>
  readPrompt({ name: 'greet', content: greetFile(body), partials })

test('a partial is rendered with what it is given', () => {
  const folder = folderOf({
    'greet.md': greetFile('{% role "user" %}{% render "tone", name: who %} {% render \'end\' %}'),
    'partials/tone.md': 'Be kind to {{ name }}.\n',
    'partials/end.md': '{% render "signature" %}',
    'partials/signature.md': 'Onset',
  })
  const prompt = readPrompts(folder).get('greet')

  expect(prompt?.render({ who: 'Ada' })).toEqual([
    { role: 'user', content: 'Be kind to Ada. Onset' },
  ])
})

function digestWith(partials: { tone: string; other: string }): string | undefined {
  const folder = folderOf({
    'greet.md': greetFile('{% role "user" %}{{ who }}{% render "tone" %}'),
    'partials/tone.md': partials.tone,
    'partials/other.md': partials.other,
  })
  return readPrompts(folder).get('greet')?.sha256
}

test('the version changes with a partial that is used and with no other', () => {
  const digest = digestWith({ tone: 'kind', other: 'x' })

  expect(digestWith({ tone: 'kind', other: 'y' })).toBe(digest)
  expect(digestWith({ tone: 'stern', other: 'x' })).not.toBe(digest)
})

test('a value that spells a partial stays a value', () => {
  const prompt = greet('{% role "user" %}{{ who }}{% render "tone" %}', { tone: '!' })

  expect(prompt.render({ who: '{% render "tone" %}' })[0]?.content).toBe('{% render "tone" %}!')
})

const user = (body: string): string => `{% role "user" %}\n${body}`

test.each([
  ['a partial that is not there', '{% render "none" %}', 'Line 8: There is no partial "none"'],
  ['a name that is made at run time', '{% render who %}', 'Line 8: Expected the name of a partial'],
  ['a name with a filter', '{% render "tone" | append: who %}', 'Line 8: Expected the name'],
  ['a path', '{% render "../../package.json" %}', 'Line 8: Expected the name of a partial'],
  ['a path in a template of tags', '{% liquid\nrender "../package.json" %}', 'Expected the name'],
  ['include', '{% include "tone" %}', 'tag "include" not found'],
  ['layout', '{% layout "tone" %}', 'tag "layout" not found'],
  ['a role in a partial', '{% render "role" %}', 'Line 1 of partials/role.md: A role cannot begin'],
  [
    'a partial that uses itself',
    '{% render "loop" %}',
    'A partial uses itself: loop → pool → loop.',
  ],
  ['a fault in a partial', '{% render "wrong" %}', 'Line 2 of partials/wrong.md: tag "shout"'],
  ['a variable that a partial is not given', '{% render "asks" %}', 'undefined variable: who'],
  [
    'an undeclared variable of a partial',
    '{% render "odd" %}',
    'Line 1 of partials/odd.md: input.schema declares no nobody',
  ],
])('%s is refused', (_name, body, message) => {
  const partials = {
    tone: 'Be kind.',
    role: '{% role "system" %}Obey.',
    loop: '{% render "pool" %}',
    pool: '{% if who %}{% render "loop" %}{% endif %}',
    wrong: 'x\n{% shout %}',
    asks: '{{ who }}',
    odd: '{{ nobody }}',
  }

  expect(() => greet(user(body), partials)).toThrow(message)
})
