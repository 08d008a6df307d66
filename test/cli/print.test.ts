import type { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { createPrint, harmless } from '../../src/cli/print.ts'

test('a reader who has gone is noticed and ends nothing by itself', () => {
  const closed: string[] = []
  const stdout = new PassThrough()
  createPrint({ stdout, stderr: new PassThrough(), onClosed: () => closed.push('closed') })
  const errors: EventEmitter = stdout
  errors.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))

  expect(closed).toEqual(['closed'])
})

test('results go to standard output, the rest to standard error', () => {
  const stdout = new PassThrough({ encoding: 'utf8' })
  const stderr = new PassThrough({ encoding: 'utf8' })
  const print = createPrint({ stdout, stderr, onClosed: () => undefined })
  print.line('a line')
  print.piece('a piece')
  print.json(['a list'])
  print.error('a hint')

  expect(stdout.read()).toBe('a line\na piece[\n  "a list"\n]\n')
  expect(stderr.read()).toBe('a hint\n')
})

test.each([
  ['\u001b[2J', ' [2J'],
  ['a\r\nb', 'a b'],
  ['\u009b31m', ' 31m'],
  ['\u202eabc', ' abc'],
  ['Café ✓', 'Café ✓'],
])('%j is harmless as %j', (text, shown) => {
  expect(harmless(text)).toBe(shown)
})
