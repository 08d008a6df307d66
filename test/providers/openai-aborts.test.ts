import { expect, test } from 'vitest'
import { ask, failureOf } from './calls.ts'
import { type Behaviour, delta, finish, startFaultServer, stream, usage } from './fault-server.ts'

// Without any of our own time-outs in between.
const patient = { timeoutMs: 10_000, idleTimeoutMs: 10_000 }

/** Does something, and tells when the caller has let go of the connection. */
function untilClosed(behave: Behaviour) {
  const begun = Promise.withResolvers<void>()
  const closed = Promise.withResolvers<number>()
  const behaviour: Behaviour = (response, request) => {
    request.socket.once('close', () => closed.resolve(performance.now()))
    behave(response, request)
    begun.resolve()
  }
  return { behaviour, begun: begun.promise, closed: closed.promise }
}

test.each<[string, Behaviour, boolean]>([
  ['before the headers', () => undefined, true],
  ['in the middle of a stream', stream([delta('Hi')], 'hang'), true],
  ['before an answer in one piece', () => undefined, false],
])('an abort reaches the wire within 100 ms: %s', async (_name, behave, streamed) => {
  const { behaviour, begun, closed } = untilClosed(behave)
  const server = await startFaultServer(behaviour)
  const controller = new AbortController()
  const reason = new Error('The run was cancelled.')
  const watch = { signal: controller.signal }

  const { reply } = ask(server, { stream: streamed, options: patient, watch })
  const failure = reply.catch((error: unknown) => error)
  await begun
  const abortedAt = performance.now()
  controller.abort(reason)

  expect((await closed) - abortedAt).toBeLessThan(100)
  expect(await failure).toBe(reason)
})

test('a fault in mid-stream lets go of the connection', async () => {
  const { behaviour, closed } = untilClosed(stream([delta('Hi'), { error: 'No.' }], 'hang'))
  const server = await startFaultServer(behaviour)

  const failure = await failureOf(ask(server, { options: patient }).reply)

  expect(failure.code).toBe('LLM.StreamError')
  await closed
})

test('a model that reasons for long before it writes is not silent', async () => {
  const thought = { choices: [{ delta: { reasoning_content: 'Hm.' } }] }
  const server = await startFaultServer((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const frames = [...Array.from({ length: 8 }, () => thought), delta('Hi'), finish('stop')]
    const timer = setInterval(() => {
      const frame = frames.shift()
      if (frame !== undefined) response.write(`data: ${JSON.stringify(frame)}\n\n`)
      else {
        clearInterval(timer)
        response.end()
      }
    }, 60)
  })

  // Nine times 60 ms is more than the time for the first text.
  const { reply } = ask(server, { options: { timeoutMs: 450, idleTimeoutMs: 2_000 } })

  expect(await reply).toMatchObject({ text: 'Hi' })
})

test('connections whose answers are complete are used again', async () => {
  const sockets = new Set<unknown>()
  const answer = stream([delta('Hi'), finish('stop'), usage])
  const server = await startFaultServer((response, request) => {
    sockets.add(request.socket)
    answer(response, request)
  })

  for (let call = 0; call < 10; call += 1) await ask(server).reply

  expect(server.requests).toHaveLength(10)
  // The end of a body may come after the next call has begun, which then needs one more.
  expect(sockets.size).toBeLessThan(6)
})
