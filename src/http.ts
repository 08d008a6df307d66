import { createServer, type Server, type ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { problem } from './api/problems.ts'
import { guardSockets } from './http-sockets.ts'

/** A listening HTTP server. */
export interface HttpServer {
  url: string
  /** Takes no new requests, lets those under way finish for up to 5 s, and ends streams at once. */
  close(): Promise<void>
}

/** Whatever answers requests, such as a Hono app. */
interface App {
  fetch: Parameters<typeof getRequestListener>[0]
}

interface ListenOptions {
  host: string
  port: number
  /** The variable that chooses another port, for the message when this one is taken. */
  setting: string
}

const SERVER = {
  // Slow senders are cut within 15 s, the second included until somebody looks.
  headersTimeout: 10_000,
  requestTimeout: 14_000,
  connectionsCheckingInterval: 1_000,
  // Idle connections outlive those of load balancers, which commonly hold them for 60 s.
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16 * 1024,
  // The app says so itself, with a problem document.
  requireHostHeader: false,
  // `a, b` for every header that was sent twice: of some, Node would show the first alone.
  joinDuplicateHeaders: true,
}
// Their size bounds them already. Beyond a number, Node would leave out headers and say nothing.
const ANY_NUMBER = 0
// No connection lives for ever, and the cost of a new one is not noticed.
const MOST_REQUESTS_PER_SOCKET = 100_000
const CLOSING_MS = 5_000

/** Listens with the app. Rejects with a message that names the port when it is taken. */
export async function listen(app: App, options: ListenOptions): Promise<HttpServer> {
  const { host, port, setting } = options
  const server = createServer(SERVER)
  server.maxHeadersCount = ANY_NUMBER
  server.maxRequestsPerSocket = MOST_REQUESTS_PER_SOCKET
  const open = guardSockets(server, getRequestListener(app.fetch, { errorHandler }))
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(explain(error, { host, port, setting })))
    server.listen(port, host, resolve)
  })
  const shownHost = host === '0.0.0.0' || host === '::' ? 'localhost' : host

  return {
    url: `http://${shownHost.includes(':') ? `[${shownHost}]` : shownHost}:${port}`,
    async close() {
      for (const response of open) {
        if (isStream(response)) response.destroy()
        else response.shouldKeepAlive = false
      }
      await closed(server)
    },
  }
}

// What never reaches the app, such as a host that is none.
const errorHandler = (): Response =>
  problem('malformed_request', 'Host or path of the request are not readable.', {
    headers: { connection: 'close' },
  })

async function closed(server: Server): Promise<void> {
  const timer = setTimeout(() => server.closeAllConnections(), CLOSING_MS)
  await new Promise((resolve) => {
    server.close(resolve)
    server.closeIdleConnections()
  })
  clearTimeout(timer)
}

const isStream = (response: ServerResponse): boolean =>
  String(response.getHeader('content-type')).startsWith('text/event-stream')

function explain(error: Error, { host, port, setting }: ListenOptions): Error {
  if (!('code' in error) || error.code !== 'EADDRINUSE') return error
  return new Error(`Port ${port} of ${host} is taken. Set ${setting} to another one.`, {
    cause: error,
  })
}
