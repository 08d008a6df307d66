import { expect, test } from 'vitest'
import { printMultipart, readMultipart } from '../../../src/triggers/webhook/multipart.ts'

const TYPE = 'multipart/form-data; boundary=b'
const head = 'content-disposition: form-data; name="a"'
const parse = (body: string, contentType = TYPE) =>
  readMultipart(contentType, Buffer.from(body, 'latin1'))

test('what is printed is read back, whatever bytes it holds', () => {
  const parts = [
    { name: 'text', content: Buffer.from('\r\n--\r\nb--') },
    { name: 'file', fileName: 'ü.bin', contentType: 'image/png', content: Buffer.from([0, 255]) },
    { name: 'empty', content: Buffer.alloc(0) },
  ]

  expect(readMultipart(TYPE, printMultipart('b', parts))).toEqual(parts)
})

test.each([
  ['a quoted boundary', 'Multipart/Form-Data; charset=utf-8; boundary="b"'],
  ['parameters behind the boundary', `${TYPE}; charset=utf-8`],
])('%s is understood', (_, contentType) => {
  expect(parse(`--b\r\n${head}\r\n\r\n1\r\n--b--`, contentType)).toMatchObject([{ name: 'a' }])
})

test.each([
  ['nothing', ''],
  ['text in front', `x\r\n--b\r\n${head}\r\n\r\n1\r\n--b--`],
  ['text behind', `--b\r\n${head}\r\n\r\n1\r\n--b--\r\nx`],
  ['a boundary that goes on', `--b\r\n${head}\r\n\r\n1\r\n--bc\r\n--b--`],
  ['no end', `--b\r\n${head}\r\n\r\n1`],
  ['no empty line', `--b\r\n${head}\r\n--b--`],
  ['no name', '--b\r\ncontent-disposition: form-data\r\n\r\n1\r\n--b--'],
  ['two names', `--b\r\n${head}; name="c"\r\n\r\n1\r\n--b--`],
  ['two dispositions', `--b\r\n${head}\r\n${head}\r\n\r\n1\r\n--b--`],
  ['another disposition', '--b\r\ncontent-disposition: attachment; name="a"\r\n\r\n1\r\n--b--'],
  ['a head that is too long', `--b\r\n${head}\r\nx: ${'x'.repeat(9_000)}\r\n\r\n1\r\n--b--`],
  ['too many parts', `${`--b\r\n${head}\r\n\r\n\r\n`.repeat(1_001)}--b--`],
])('%s: no parts', (_, body) => {
  expect(parse(body)).toBeNull()
})

test.each([
  'multipart/form-data',
  'multipart/form-data; boundary=',
  'multipart/form-data; boundary=b; boundary=c',
  `multipart/form-data; boundary=${'b'.repeat(71)}`,
  'multipart/mixed; boundary=b',
  'text/plain; a=multipart/form-data; boundary=b',
])('%s: no parts', (contentType) => {
  expect(parse(`--b\r\n${head}\r\n\r\n1\r\n--b--`, contentType)).toBeNull()
})
