import { expect, test } from 'vitest'
import { diffLines } from '../../src/cli/line-diff.ts'

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index))
const text = (...lines: string[]): string => lines.join('\n')

test('equal texts have no difference', () => {
  expect(diffLines('a\nb', 'a\nb')).toEqual([])
})

test('a change stands among three lines on either side', () => {
  const before = text(...numbers(1, 20))
  const after = text(...numbers(1, 9), 'ten', ...numbers(11, 20))

  expect(diffLines(before, after)).toEqual([
    '@@ -7,7 +7,7 @@',
    ' 7',
    ' 8',
    ' 9',
    '-10',
    '+ten',
    ' 11',
    ' 12',
    ' 13',
  ])
})

test('changes that lie apart are apart', () => {
  const before = text(...numbers(1, 20))
  const after = text(...numbers(2, 19), '20', '21')

  expect(diffLines(before, after)).toEqual([
    '@@ -1,4 +1,3 @@',
    '-1',
    ' 2',
    ' 3',
    ' 4',
    '@@ -18,3 +17,4 @@',
    ' 18',
    ' 19',
    ' 20',
    '+21',
  ])
})

test('what stays in the midst of changes is kept', () => {
  expect(diffLines(text('a', 'b', 'c', 'd'), text('x', 'b', 'y', 'd'))).toEqual([
    '@@ -1,4 +1,4 @@',
    '-a',
    '+x',
    ' b',
    '-c',
    '+y',
    ' d',
  ])
})

test('a text that comes or goes as a whole', () => {
  expect(diffLines('', 'a')).toEqual(['@@ -1,1 +1,1 @@', '-', '+a'])
  expect(diffLines('a\nb', 'a')).toEqual(['@@ -1,2 +1,1 @@', ' a', '-b'])
})
