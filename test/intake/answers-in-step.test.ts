import { Hono } from 'hono'
import { afterAll, expect, test } from 'vitest'
import { freePort } from '../../dev/ports.ts'
import { listen } from '../../src/http.ts'
import { openWire, requestText } from '../wire.ts'

let goOn = Promise.withResolvers<void>()
const app = new Hono().onError((_, c) => c.text('broken off', 400))
app.post('/echo', async (c) => c.text(await c.req.text()))
app.post('/waits', async (c) => {
  await goOn.promise
  return c.text('waited')
})
app.post('/refuse', (c) => c.text('no', 413, { connection: 'close' }))
const server = await listen(app, { host: '127.0.0.1', port: await freePort(), setting: 'PORT' })
afterAll(() => server.close())

test.each([
  ['no HTTP', 'nonsense\r\n\r\n', 400],
  ['a header that is none', 'POST /waits HTTP/1.1\r\nhost: a\r\n: x\r\n\r\n', 400],
  [
    'chunks of no size',
    'POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
    400,
  ],
  ['headers of more than 16 KB', `POST /waits HTTP/1.1\r\nx: ${'x'.repeat(17_000)}\r\n\r\n`, 431],
  ['CONNECT', 'CONNECT a:80 HTTP/1.1\r\nhost: a\r\n\r\n', 400],
])('%s behind a request is answered after that one', async (_, text, status) => {
  goOn = Promise.withResolvers()
  const wire = await openWire(server.url)

  wire.write(requestText('/waits', { body: 'x' }) + text)
  // Whose answer says that the server has read what came before it.
  const probe = await openWire(server.url)
  probe.write(requestText('/refuse'))
  await probe.closed()
  goOn.resolve()
  const first = await wire.answer()
  const second = await wire.answer()

  expect(first).toMatchObject({ status: 200, body: 'waited' })
  expect(second).toMatchObject({ status, headers: { connection: 'close' } })
  expect(await wire.closed()).toBe('')
})

test.each([
  ['garbage', 'nonsense\r\n\r\n', 400],
  [
    'a body that nobody reads',
    requestText('/refuse', { headers: { 'content-length': '9000000' } }),
    413,
  ],
])('who goes on writing after %s can read the answer', async (_, text, status) => {
  goOn = Promise.withResolvers()
  const wire = await openWire(server.url)

  wire.write(text)
  for (let sent = 0; sent < 128; sent += 1) wire.write(Buffer.alloc(64 * 1024, 0x78))

  await expect(wire.answer()).resolves.toMatchObject({ status })
  await wire.closed()
})
