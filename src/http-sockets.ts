import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Socket } from 'node:net'
import { type ProblemCode, problems, problemText } from './api/problems.ts'

type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => unknown

// Long enough for an answer to cross the world, also to a sender who is still writing.
const LINGER_MS = 1_000

/** A request with its answer, until that is sent. */
interface Exchange {
  incoming: IncomingMessage
  outgoing: ServerResponse
}

/**
 * Lets a listener answer the requests of a server, and answers itself what is no request: after those that came before
 * it on the connection. Connections that are to be closed end with an answer that can be read; what comes after it is
 * no request any more. Answers the responses that are under way.
 */
export function guardSockets(server: Server, listener: Listener): ReadonlySet<ServerResponse> {
  const underWay = new Set<ServerResponse>()
  const inHand = new WeakMap<Duplex, Set<Exchange>>()
  const broken = new WeakSet<Duplex>()
  const ending = new WeakSet<Duplex>()

  server.on('connection', (socket: Socket) => {
    inHand.set(socket, new Set())
    // What Node calls after an answer with `connection: close`. Destroyed at once, a socket with unread bytes takes
    // its answer back.
    socket.destroySoon = () => linger(socket)
  })
  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    // Behind the end of a connection: somebody's body, or what they would smuggle in.
    if (ending.has(incoming.socket)) {
      incoming.resume()
      return
    }
    // A server that closes answers what comes on connections that it has, and ends them.
    if (!server.listening) outgoing.shouldKeepAlive = false
    const exchange = { incoming, outgoing }
    const exchanges = inHand.get(incoming.socket)
    underWay.add(outgoing)
    exchanges?.add(exchange)
    outgoing.once('close', () => {
      underWay.delete(outgoing)
      exchanges?.delete(exchange)
    })
    void listener(incoming, outgoing)
  })
  server.on('clientError', (error: Error, socket: Duplex) => {
    if (('code' in error && error.code === 'ECONNRESET') || !socket.writable) {
      socket.destroy(error)
      return
    }
    // It says so of everything that follows.
    if (broken.has(socket) || ending.has(socket)) return
    broken.add(socket)
    void refuse(socket, error)
  })
  // Node would destroy the connection, and take back the answers to what came before.
  server.on('connect', (_incoming: IncomingMessage, socket: Duplex) => {
    void refuse(socket, new Error('Expected no CONNECT: this is no proxy.'))
  })

  return underWay

  async function refuse(socket: Duplex, error: Error): Promise<void> {
    const exchanges = [...(inHand.get(socket) ?? [])]
    const whole = exchanges.filter(({ incoming }) => incoming.complete)
    // The sender would take this answer for the one of a request before.
    await Promise.all(whole.map(({ outgoing }) => closed(outgoing)))
    const isAnswered = exchanges.some(
      ({ incoming, outgoing }) => !incoming.complete && outgoing.headersSent,
    )
    if (ending.has(socket)) return
    if (isAnswered || !socket.writable) {
      socket.destroy(error)
      return
    }
    socket.write(answerTo(error))
    linger(socket)
  }

  function linger(socket: Duplex): void {
    if (ending.has(socket)) return
    ending.add(socket)
    socket.end()
    const timer = setTimeout(() => socket.destroy(), LINGER_MS)
    socket.once('close', () => clearTimeout(timer))
    // Its bytes are thrown away until the sender has seen the end: a socket that holds unread ones takes its answer back.
    for (const { incoming } of inHand.get(socket) ?? []) incoming.resume()
    socket.resume()
  }
}

// Also where it ends with an error, which is no reason to throw.
const closed = (outgoing: ServerResponse): Promise<unknown> =>
  new Promise((resolve) => {
    outgoing.once('close', resolve)
  })

/** What Node's parser finds wrong, by the code of its error; everything else is malformed. */
const FOUND: Record<string, { code: ProblemCode; detail: string }> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    code: 'request_timeout',
    detail: 'The headers must come within 10 s, the whole request within 15 s.',
  },
  HPE_HEADER_OVERFLOW: {
    code: 'headers_too_large',
    detail: 'All headers together may have 16 KB.',
  },
}
const MALFORMED = {
  code: 'malformed_request',
  detail: 'The request cannot be read as HTTP/1.1.',
} as const

function answerTo(error: Error): string {
  const { code, detail } = ('code' in error && FOUND[String(error.code)]) || MALFORMED
  const { status } = problems[code]
  const body = problemText(code, detail)
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'connection: close',
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n')
}
