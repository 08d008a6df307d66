import { DatabaseError } from 'pg'
import { expect, test } from 'vitest'
import { BODY_LIMIT } from '../../src/api/gate.ts'
import { Problem } from '../../src/api/schemas.ts'
import { InboxUnavailable } from '../../src/inbox/accept.ts'
import { openApi } from './open-api.ts'

const failure: { next: Error | undefined } = { next: undefined }
const { request, post, api } = await openApi({
  accept: () => Promise.reject(failure.next ?? new Error('no failure is set')),
})

async function problemOf(response: Response) {
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const body = Problem.parse(await response.json())
  expect(body.status).toBe(response.status)
  return body
}

test.each([
  ['no token', ''],
  ['another scheme', 'Basic dG9rZW4tMQ=='],
  ['an unknown token', 'Bearer token-3'],
  ['an empty token', 'Bearer '],
  ['two tokens', 'Bearer token-1 token-2'],
])('%s is answered 401 on every route of the API, known or not', async (_, authorization) => {
  for (const path of ['/api/runs', '/api/nothing']) {
    const response = await request(path, { headers: { authorization } })

    expect(await problemOf(response)).toMatchObject({ status: 401, code: 'unauthorized' })
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm="onset"/)
  }
})

test('the scheme of the token is read without regard to case', async () => {
  const response = await request('/api/runs', { headers: { authorization: 'bearer token-1' } })

  expect(response.status).toBe(200)
})

test.each([
  '/',
  '/api',
  '/api/nothing',
  '/api/runs/',
  '/api/runs/a/b',
  '/api/runs/a%2Fb',
  '/api/runs/%zz',
  '/api/runs/%ff',
])('%s is answered 404', async (path) => {
  expect(await problemOf(await request(path))).toMatchObject({ status: 404, code: 'not_found' })
})

test.each([
  ['DELETE', '/api/runs', 'GET, HEAD'],
  ['PUT', '/api/approvals/a:b', 'POST'],
  ['POST', '/api/events/evt_1', 'GET, HEAD'],
  ['POST', '/healthz', 'GET, HEAD'],
  ['OPTIONS', '/api/events', 'POST, GET, HEAD'],
])('%s %s is answered 405 with what is allowed', async (method, path, allow) => {
  const response = await request(path, { method })

  expect(await problemOf(response)).toMatchObject({ status: 405, code: 'method_not_allowed' })
  expect(response.headers.get('allow')).toBe(allow)
})

test.each(['/api/events', '/api/approvals/apr_1'])(
  '%s refuses what it cannot read',
  async (path) => {
    const tooLarge = JSON.stringify('x'.repeat(BODY_LIMIT))

    expect(await problemOf(await post(path, '{'))).toMatchObject({
      status: 400,
      code: 'invalid_json',
    })
    expect(await problemOf(await post(path, ''))).toMatchObject({
      status: 400,
      code: 'invalid_json',
    })
    expect(await problemOf(await post(path, tooLarge))).toMatchObject({ code: 'body_too_large' })
    expect(await problemOf(await post(path, '{}', { 'content-type': 'text/plain' }))).toMatchObject(
      {
        status: 415,
        code: 'unsupported_media_type',
      },
    )
    expect(await problemOf(await post(path, '{}', { 'content-encoding': 'gzip' }))).toMatchObject({
      status: 415,
      code: 'unsupported_media_type',
    })
  },
)

test('a body whose length nobody said is limited too', async () => {
  const body = new ReadableStream({
    start(controller) {
      for (let sent = 0; sent <= BODY_LIMIT; sent += 65_536)
        controller.enqueue(new Uint8Array(65_536))
      controller.close()
    },
  })
  const init = {
    method: 'POST',
    body,
    duplex: 'half' as const,
    headers: { 'transfer-encoding': 'chunked' },
  }

  expect(await problemOf(await request('/api/events', init))).toMatchObject({ status: 413 })
})

test('every fault of a request is named with its place', async () => {
  const problem = await problemOf(await post('/api/events', { subject: '', time: 'today' }))

  expect(problem).toMatchObject({ status: 422, code: 'invalid_event' })
  expect(problem.errors?.map(({ path }) => path)).toEqual(['type', 'subject', 'time'])
})

test.each([
  '/api/runs?limit=0',
  '/api/runs?limit=201',
  '/api/runs?limit=many',
  '/api/runs?status=gone',
  '/api/runs?state=failed',
  '/api/runs?workflow=%00',
  '/api/approvals?status=closed',
])('%s is answered 400', async (path) => {
  expect(await problemOf(await request(path))).toMatchObject({
    status: 400,
    code: 'invalid_request',
  })
})

test.each(['/api/runs/%00', '/api/events/%00', '/api/runs/a%00/events'])(
  '%s is no fault of the server',
  async (path) => {
    expect((await problemOf(await request(path))).status).toBe(400)
  },
)

test('an inbox that cannot keep the event asks to try again', async () => {
  failure.next = new InboxUnavailable('gone', { cause: new Error('gone') })
  const response = await post('/api/events', { type: 't' })

  expect(await problemOf(response)).toMatchObject({ status: 503, code: 'inbox_unavailable' })
  expect(response.headers.get('retry-after')).toBe('2')
})

const shuttingDown = new DatabaseError('terminating connection', 0, 'error')
shuttingDown.code = '57P01'

test.each([
  ['refuses', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })],
  ['refuses on two addresses', new AggregateError([new Error('connect ECONNREFUSED')])],
  ['hangs', new Error('timeout exceeded when trying to connect')],
  ['leaves', new Error('Connection terminated unexpectedly')],
  ['shuts down', shuttingDown],
])('a database that %s asks to try again', async (_, error) => {
  failure.next = error
  const response = await post('/api/events', { type: 't' })

  expect(await problemOf(response)).toMatchObject({ status: 503, code: 'unavailable' })
  expect(response.headers.get('retry-after')).toBe('2')
})

test('a sender who leaves within the body is no trouble of the server', async () => {
  failure.next = Object.assign(new Error('aborted'), { code: 'ECONNRESET' })

  expect(await problemOf(await post('/api/events', { type: 't' }))).toMatchObject({ status: 400 })
})

test('what nobody foresaw is answered 500 without its message', async () => {
  failure.next = new Error('secret')
  const problem = await problemOf(await post('/api/events', { type: 't' }))

  expect(problem).toMatchObject({ status: 500, code: 'internal' })
  expect(JSON.stringify(problem)).not.toContain('secret')
})

test.each(['/healthz', '/readyz', '/metrics', '/openapi.json'])(
  '%s needs no token',
  async (path) => {
    expect((await api.request(path)).status).toBe(200)
  },
)
