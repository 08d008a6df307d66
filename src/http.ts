import { createServer, type Server, type ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'

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

// Slow senders are cut after 15 s; idle connections outlive those of load balancers, which commonly hold them for 60 s.
const TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 15_000, keepAliveTimeout: 65_000 }
const CLOSING_MS = 5_000

/** Listens with the app. Rejects with a message that names the port when it is taken. */
export async function listen(app: App, options: ListenOptions): Promise<HttpServer> {
  const { host, port, setting } = options
  const server = createServer(TIMEOUTS, getRequestListener(app.fetch))
  const open = new Set<ServerResponse>()
  server.on('request', (_, response) => {
    open.add(response)
    response.once('close', () => open.delete(response))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(explain(error, { host, port, setting })))
    server.listen(port, host, resolve)
  })
  const shownHost = host === '0.0.0.0' || host === '::' ? 'localhost' : host

  return {
    url: `http://${shownHost.includes(':') ? `[${shownHost}]` : shownHost}:${port}`,
    async close() {
      for (const response of open) if (isStream(response)) response.destroy()
      await closed(server)
    },
  }
}

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
