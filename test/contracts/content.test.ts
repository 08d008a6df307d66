import { expect, test } from 'vitest'
import { isUtf8, mediaTypeOf, readContent } from '../../src/contracts/content.ts'

const read = (contentType: string, body: string | Uint8Array) =>
  readContent(contentType, typeof body === 'string' ? Buffer.from(body) : body)

const JSON_TYPE = 'application/json'
const FORM = 'application/x-www-form-urlencoded'
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)

test.each([
  ['JSON', JSON_TYPE, '{"a":1}', { a: 1 }],
  ['JSON of a vendor', 'application/vnd.acme+json; charset=utf-8', '[1]', [1]],
  ['JSON behind a byte order mark', JSON_TYPE, '\uFEFF{"a":1}', { a: 1 }],
  ['JSON of 64 levels', JSON_TYPE, nested(64), JSON.parse(nested(64))],
  ['brackets within a string', JSON_TYPE, JSON.stringify('['.repeat(100)), '['.repeat(100)],
  ['the last of two members with one name', JSON_TYPE, '{"a":1,"a":2}', { a: 2 }],
  ['JSON under another type', 'text/plain', '{"a":1}', { a: 1 }],
  ['text under another type', 'text/plain', 'a=1', 'a=1'],
  ['text without a type', '', '<a/>', '<a/>'],
  ['deep JSON under another type', 'text/plain', nested(65), nested(65)],
  ['nothing under another type', 'text/plain', '', ''],
  ['the JSON in a form', FORM, 'payload=%7B%22a%22%3A1%7D&b=2', { a: 1 }],
  ['the fields of a form', FORM, 'a=1&b=x+y&a=2&a=3', { a: ['1', '2', '3'], b: 'x y' }],
  ['an empty form', FORM, '', {}],
])('%s is read', (_, contentType, body, data) => {
  expect(read(contentType, body)).toEqual({ readable: true, data })
})

test.each([
  ['broken JSON', JSON_TYPE, '{"a":'],
  ['nothing that says it is JSON', JSON_TYPE, ''],
  ['JSON of 65 levels', JSON_TYPE, nested(65)],
  ['a hundred thousand open brackets', JSON_TYPE, '['.repeat(100_000)],
  ['a hundred thousand open braces', JSON_TYPE, '{"a":'.repeat(100_000)],
  ['JSON of which the rest is more', JSON_TYPE, '{} {}'],
  ['invalid UTF-8', 'text/plain', Buffer.from([0x61, 0xff])],
  ['invalid UTF-8 in JSON', JSON_TYPE, Buffer.from([0x22, 0xc3, 0x28, 0x22])],
  ['a form whose payload is no JSON', FORM, 'payload=x'],
  ['a form of more fields than any has', FORM, 'a&'.repeat(1_001)],
])('%s cannot be read, and nothing throws', (_, contentType, body) => {
  expect(read(contentType, body)).toMatchObject({ readable: false })
})

test.each([
  ['at the top', '{"__proto__":{"a":1},"b":2}', { b: 2 }],
  ['further down', '{"b":[{"__proto__":{"a":1},"c":3}]}', { b: [{ c: 3 }] }],
  ['within another', '{"__proto__":{"__proto__":{}},"b":{}}', { b: {} }],
  ['with an escape', String.raw`{"\u005f_proto__":{"a":1},"b":2}`, { b: 2 }],
  ['with an escape in capitals', String.raw`{"__pr\u006Fto__":{"a":1},"b":2}`, { b: 2 }],
])('a member __proto__ %s is left out', (_, body, data) => {
  const content = read(JSON_TYPE, body)

  expect(content).toEqual({ readable: true, data })
  expect(JSON.stringify(content)).not.toContain('proto')
})

test('a field __proto__ of a form is left out', () => {
  expect(read(FORM, '__proto__=a&b=c')).toEqual({ readable: true, data: { b: 'c' } })
})

test('deep brackets are found before anything is parsed', () => {
  const body = Buffer.from(`{"a":${'['.repeat(500_000)}`)
  const start = performance.now()

  read(JSON_TYPE, body)

  expect(performance.now() - start).toBeLessThan(200)
})

test.each([
  ['application/json', true],
  ['application/json; charset=UTF-8', true],
  ['application/json;charset="utf-8"', true],
  ['text/plain; charset=us-ascii', true],
  ['text/plain; charset=iso-8859-1', false],
  ['application/json; charset=utf-8, text/plain', false],
  ['application/json; charset=', false],
])('whether %s is UTF-8: %s', (contentType, expected) => {
  expect(isUtf8(contentType)).toBe(expected)
})

test('a media type is known in any case, without its parameters', () => {
  expect(mediaTypeOf(' Application/JSON ; charset=utf-8')).toBe('application/json')
})
