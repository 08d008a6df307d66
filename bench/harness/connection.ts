import { once } from 'node:events'
import { connect } from 'node:net'

/** One answer on a connection. */
export interface HttpAnswer {
  status: number
  body: string
}

/** A keep-alive HTTP/1.1 connection with one request at a time: no more than a benchmark needs, so that it is cheap. */
export interface Connection {
  /** Rejects when the connection breaks before the whole answer is there. */
  exchange(request: Buffer): Promise<HttpAnswer>
  close(): void
}

const END_OF_HEAD = Buffer.from('\r\n\r\n')

/** Opens a connection to a server of this machine. */
export async function openConnection(port: number): Promise<Connection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  let received: Buffer | undefined
  let waiting: { resolve(answer: HttpAnswer): void; reject(error: Error): void } | undefined

  socket.on('data', (chunk) => {
    received = received === undefined ? chunk : Buffer.concat([received, chunk])
    const answer = readAnswer(received)
    if (answer === undefined) return
    received = undefined
    const asker = waiting
    waiting = undefined
    asker?.resolve(answer)
  })
  socket.on('error', () => undefined)
  socket.on('close', () => waiting?.reject(new Error('The connection was closed.')))

  return {
    exchange: (request) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(new Error('The connection is closed.'))
        waiting = { resolve, reject }
        socket.write(request)
      }),
    close: () => void socket.destroy(),
  }
}

function readAnswer(received: Buffer): HttpAnswer | undefined {
  const end = received.indexOf(END_OF_HEAD)
  if (end === -1) return undefined
  const head = received.toString('latin1', 0, end)
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
  if (length === undefined) throw new Error(`Expected a content-length, received:\n${head}`)
  const start = end + END_OF_HEAD.length
  if (received.length < start + Number(length)) return undefined
  return { status: Number(head.slice(9, 12)), body: received.toString('utf8', start) }
}
