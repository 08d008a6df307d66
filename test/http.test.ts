import { Hono } from 'hono'
import { afterAll, expect, test } from 'vitest'
import { freePort } from '../dev/ports.ts'
import { listen } from '../src/http.ts'
import { openWire, requestText } from './wire.ts'

const app = new Hono().onError((_, c) => c.text('broken off', 400))
const inHand = new EventTarget()
app.post('/echo', async (c) => c.text(await c.req.text()))
app.post('/refuse', (c) => c.text('no', 413, { connection: 'close' }))
app.post('/slow', async (c) => {
  inHand.dispatchEvent(new Event('slow'))
  return c.text(await c.req.text())
})
const port = await freePort()
const server = await listen(app, { host: '127.0.0.1', port, setting: 'PORT' })
afterAll(() => server.close())

test.each([
  ['no HTTP at all', 'hello\r\n\r\n', 400, 'malformed_request'],
  ['another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'malformed_request'],
  ['no host', 'POST /echo HTTP/1.1\r\ncontent-length: 0\r\n\r\n', 400, 'malformed_request'],
  [
    'two hosts',
    'POST /echo HTTP/1.1\r\nhost: a\r\nhost: b\r\ncontent-length: 0\r\n\r\n',
    400,
    'malformed_request',
  ],
  [
    'a length that is no number',
    'POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 3x\r\n\r\nabc',
    400,
    'malformed_request',
  ],
  [
    'two lengths',
    'POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc',
    400,
    'malformed_request',
  ],
  [
    'a length beside chunks',
    'POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
    'malformed_request',
  ],
  [
    'chunks of no size',
    'POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n',
    400,
    'malformed_request',
  ],
  [
    'a header without a name',
    'POST /echo HTTP/1.1\r\nhost: a\r\n: x\r\n\r\n',
    400,
    'malformed_request',
  ],
  [
    'headers of more than 16 KB',
    `POST /echo HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(17_000)}\r\n\r\n`,
    431,
    'headers_too_large',
  ],
])('%s is answered with a problem, and the connection closed', async (_, text, status, code) => {
  const wire = await openWire(server.url)

  wire.write(text)
  const answer = await wire.answer()

  expect(answer.status).toBe(status)
  expect(JSON.parse(answer.body)).toMatchObject({ code, status })
  expect(answer.headers['connection']).toBe('close')
  expect(await wire.closed()).toBe('')
})

test('many headers are all there', async () => {
  const names = Array.from({ length: 2_500 }, (_, index) => `h${index}`)
  const echo = new Hono().get('/', (c) => c.text(String(Object.keys(c.req.header()).length)))
  const other = await listen(echo, { host: '127.0.0.1', port: await freePort(), setting: 'PORT' })
  const wire = await openWire(other.url)

  wire.write(`GET / HTTP/1.1\r\nhost: a\r\n${names.map((name) => `${name}:\r\n`).join('')}\r\n`)

  expect((await wire.answer()).body).toBe('2501')
  wire.destroy()
  await other.close()
})

test('an answer before the end of the body reaches a sender who is still writing', async () => {
  const wire = await openWire(server.url)
  const size = 8 * 1024 * 1024

  wire.write(requestText('/refuse', { headers: { 'content-length': String(size) } }))
  wire.write(Buffer.alloc(size))

  await expect(wire.answer()).resolves.toMatchObject({ status: 413, body: 'no' })
  await wire.closed()
})

test('what stands behind the end of a connection is no request', async () => {
  const wire = await openWire(server.url)

  wire.write(requestText('/refuse', { body: 'x' }) + requestText('/echo', { body: 'smuggled' }))

  await expect(wire.answer()).resolves.toMatchObject({ status: 413 })
  await expect(wire.closed()).resolves.toBe('')
})

test.concurrent.each([
  ['sends nothing', '', 10],
  ['sends headers without an end', 'POST /echo HTTP/1.1\r\nhost: a\r\n', 10],
  [
    'sends a body without an end',
    'POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nabc',
    14,
  ],
])(
  'who %s is cut within 15 s',
  async (_, text, leastSeconds) => {
    const wire = await openWire(server.url)
    const start = performance.now()

    if (text !== '') wire.write(text)
    const answer = await wire.answer()
    const seconds = (performance.now() - start) / 1_000

    expect(answer.status).toBe(408)
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'request_timeout' })
    expect(seconds).toBeGreaterThan(leastSeconds - 1)
    expect(seconds).toBeLessThan(15.5)
    await wire.closed()
  },
  20_000,
)

test.concurrent('a sender who drips its body is cut within 15 s', { timeout: 20_000 }, async () => {
  const wire = await openWire(server.url)
  const start = performance.now()
  wire.write('POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n')
  const drip = setInterval(() => wire.write('x'), 200)

  const answer = await wire.answer()
  clearInterval(drip)

  expect(answer.status).toBe(408)
  expect(performance.now() - start).toBeLessThan(15_500)
  await wire.closed()
})

test('a server that closes answers what it has in hand', async () => {
  const own = await listen(app, { host: '127.0.0.1', port: await freePort(), setting: 'PORT' })
  const wire = await openWire(own.url)
  const taken = new Promise((resolve) => inHand.addEventListener('slow', resolve, { once: true }))
  wire.write(requestText('/slow', { headers: { 'content-length': '3' } }))
  await taken

  const start = performance.now()
  const closing = own.close()
  wire.write('abc')

  await expect(wire.answer()).resolves.toMatchObject({ status: 200, body: 'abc' })
  await wire.closed()
  await closing
  expect(performance.now() - start).toBeLessThan(2_000)
  await expect(openWire(own.url)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('a taken port is named with the variable that chooses another', async () => {
  await expect(listen(app, { host: '127.0.0.1', port, setting: 'PORT' })).rejects.toThrow(
    `Port ${port} of 127.0.0.1 is taken. Set PORT to another one.`,
  )
})
