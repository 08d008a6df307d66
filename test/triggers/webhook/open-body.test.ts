import { expect, test } from 'vitest'
import { openBody } from '../../../src/triggers/webhook/open-body.ts'
import { createOpen } from '../../../src/triggers/webhook/open-off-loop.ts'
import { printMultipart } from '../../../src/triggers/webhook/multipart.ts'

const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const closed = (body: Uint8Array, contentType = 'application/json', volatile: string[] = []) => ({
  contentType,
  body,
  volatile,
})
const open = createOpen()

const multipart = (parts: Parameters<typeof printMultipart>[1]) =>
  closed(printMultipart('b', parts), 'multipart/form-data; boundary=b')

test('a body on which the thread fails is unreadable; its companions are opened by the next thread', async () => {
  const large = closed(json({ text: 'x'.repeat(300_000), number: 7 }))
  // What no caller could write down: it throws where the thread reads it.
  const broken = { ...large, ...JSON.parse('{"contentType":null}') }

  const failed = await open(broken)
  const after = [await open(large), await open(large)]

  expect(failed.content.readable).toBe(false)
  for (const { content } of after) {
    expect(content).toMatchObject({ readable: true, data: { number: 7 } })
  }
})

test('members that change between attempts do not change the digest', () => {
  const first = openBody(closed(json({ id: 1, attempt: 1 }), 'application/json', ['attempt']))
  const second = openBody(closed(json({ id: 1, attempt: 2 }), 'application/json', ['attempt']))
  const other = openBody(closed(json({ id: 2, attempt: 1 }), 'application/json', ['attempt']))

  expect(first.digest).toEqual(second.digest)
  expect(first.digest).not.toEqual(other.digest)
})

test('a body of several parts becomes JSON with its fields and files', () => {
  const opened = openBody(
    multipart([
      { name: 'to', content: Buffer.from('a') },
      { name: 'to', content: Buffer.from('b') },
      { name: '__proto__', content: Buffer.from('c') },
      { name: 'text', content: Buffer.from('über') },
      {
        name: 'f',
        fileName: '../../x.png',
        contentType: 'image/png',
        content: Buffer.from([0, 255]),
      },
    ]),
  )

  const value = {
    fields: { to: ['a', 'b'], text: 'über' },
    files: [{ field: 'f', name: '../../x.png', type: 'image/png', size: 2, base64: 'AP8=' }],
  }
  expect(opened.contentType).toBe('application/json')
  expect(opened.content).toEqual({ readable: true, data: value })
  expect(JSON.parse(Buffer.from(opened.body).toString())).toEqual(value)
})

test.each([
  ['JSON that says it has parts', closed(json({}), 'multipart/form-data; boundary=b')],
  ['parts without a boundary', closed(Buffer.from('--b--'), 'multipart/form-data')],
  [
    '201 parts',
    multipart(Array.from({ length: 201 }, () => ({ name: 'a', content: Buffer.from('') }))),
  ],
  ['a name of 257 characters', multipart([{ name: 'a'.repeat(257), content: Buffer.from('') }])],
])('%s cannot be read and stays as it came', (_, body) => {
  const opened = openBody(body)

  expect(opened.content.readable).toBe(false)
  expect(opened.body).toBe(body.body)
})

test('parts that say they are JSON are not read as parts', () => {
  const { body } = multipart([{ name: 'a', content: Buffer.from('1') }])

  expect(openBody(closed(body)).content.readable).toBe(false)
})

const large = { text: 'x'.repeat(300_000) }

test('a large body is read as its skeleton: what stands high up, and the digest of all', async () => {
  const body = json({
    ...large,
    id: 'a',
    a: { b: { c: { d: { e: 1 } } } },
    list: Array.from({ length: 200 }, (_, index) => index),
  })

  const opened = await open(closed(body))

  expect(opened.content).toEqual({
    readable: true,
    data: {
      id: 'a',
      text: 'x'.repeat(4_096),
      a: { b: { c: { d: {} } } },
      list: Array.from({ length: 100 }, (_, index) => index),
    },
  })
  expect(Buffer.from(opened.digest)).toEqual(openBody(closed(body)).digest)
  expect(opened.body).toBe(body)
})

test('a large list keeps all of its entries, and a large text is whole', async () => {
  const list = Array.from({ length: 3_000 }, (_, id) => ({ id, text: 'x'.repeat(100) }))
  const text = 'x'.repeat(300_000)

  const [openedList, openedText] = await Promise.all([
    open(closed(json(list))),
    open(closed(Buffer.from(text), 'text/plain')),
  ])

  expect(openedList.content).toEqual({ readable: true, data: list })
  expect(openedText.content).toEqual({ readable: true, data: text })
})

test('a large body that is broken is unreadable, and the next one is read', async () => {
  const broken = await open(closed(Buffer.from(`{"a":"${'x'.repeat(300_000)}`)))
  const next = await open(closed(json({ ...large, id: 'b' })))

  expect(broken.content.readable).toBe(false)
  expect(next.content).toMatchObject({ readable: true, data: { id: 'b' } })
})

test('a large body of several parts comes back as JSON', async () => {
  const opened = await open(multipart([{ name: 'a', content: Buffer.alloc(300_000, 0x61) }]))

  expect(opened.contentType).toBe('application/json')
  expect(JSON.parse(Buffer.from(opened.body).toString()).fields.a).toHaveLength(300_000)
})
