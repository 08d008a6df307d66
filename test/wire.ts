import { connect, type Socket } from 'node:net'
import { once } from 'node:events'

/** An answer as it came over the wire. */
interface WireAnswer {
  status: number
  headers: Record<string, string>
  body: string
}

/** A connection on which a test writes every byte itself. */
export interface Wire {
  write(bytes: string | Uint8Array): void
  /** Half-closes it, as a sender does who has said everything. */
  end(): void
  /** Breaks it off. */
  destroy(): void
  /** The next answer, once all of it is there. Rejects where the connection ends before. */
  answer(): Promise<WireAnswer>
  /** Everything that came and was not taken as an answer, once the server has closed. */
  closed(): Promise<string>
}

/** Opens a connection to a server of this machine. */
export async function openWire(url: string): Promise<Wire> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
  await once(socket, 'connect')
  let received = Buffer.alloc(0)
  const changed = new EventTarget()
  socket.on('data', (chunk: Uint8Array) => {
    received = Buffer.concat([received, chunk])
    changed.dispatchEvent(new Event('change'))
  })
  // What a server does to a connection is part of what tests look at.
  socket.on('error', () => undefined)
  for (const event of ['end', 'close']) {
    socket.on(event, () => changed.dispatchEvent(new Event('change')))
  }

  return {
    write: (bytes) => void socket.write(bytes),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
    async answer() {
      for (;;) {
        const found = cutAnswer(received)
        if (found !== null) {
          received = received.subarray(found.size)
          return found.answer
        }
        if (isOver(socket))
          throw new Error(`Expected an answer, received '${received.toString()}'.`)
        await once(changed, 'change')
      }
    },
    async closed() {
      while (!isOver(socket)) await once(changed, 'change')
      socket.destroy()
      return received.toString()
    },
  }
}

/** One request as text, with its length. */
export function requestText(
  path: string,
  {
    method = 'POST',
    headers = {},
    body = '',
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): string {
  const all = { host: 'localhost', 'content-length': String(Buffer.byteLength(body)), ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  return [`${method} ${path} HTTP/1.1`, ...lines, '', body].join('\r\n')
}

const isOver = (socket: Socket): boolean => socket.readableEnded || socket.destroyed

function cutAnswer(received: Buffer): { answer: WireAnswer; size: number } | null {
  const headEnd = received.indexOf('\r\n\r\n')
  if (headEnd === -1) return null
  const [statusLine = '', ...lines] = received.toString('latin1', 0, headEnd).split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  const status = Number(statusLine.split(' ')[1])
  if (status === 100) return cutAnswer(received.subarray(headEnd + 4))
  const size = headEnd + 4 + Number(headers['content-length'] ?? 0)
  if (received.length < size) return null
  return { answer: { status, headers, body: received.toString('utf8', headEnd + 4, size) }, size }
}
