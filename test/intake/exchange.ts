import { connect } from 'node:net'

/** An answer on a connection. */
export interface WireAnswer {
  status: number
  headers: Record<string, string>
  body: string
}

/** What came back on a connection. */
export interface Exchanged {
  answers: WireAnswer[]
  /** What came and is no answer. */
  rest: string
  /** Whether the connection was closed, by either side, before it was given up. */
  closed: boolean
}

interface Sending {
  port: number
  /** Each is written on its own. */
  writes: readonly Uint8Array[]
  /** After how many answers nothing more is waited for. */
  answers: number
}

// From the first answer on, which is waited for: who has no more by then is told that nothing more comes.
const QUIET_MS = 250
// Slow senders are cut within 15 s.
const GIVEN_UP_MS = 18_000

/** Sends bytes on a connection of their own and says that nothing more comes once there are answers and a silence. */
export function exchange({ port, writes, answers: enough }: Sending): Promise<Exchanged> {
  const { promise, resolve } = Promise.withResolvers<Exchanged>()
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true })
  let received = Buffer.alloc(0)
  const finish = (closed: boolean): void => {
    clearTimeout(quiet)
    clearTimeout(givenUp)
    socket.destroy()
    resolve({ ...cutAnswers(received), closed })
  }
  let quiet: NodeJS.Timeout | undefined
  const givenUp = setTimeout(() => finish(false), GIVEN_UP_MS)
  socket.on('connect', () => {
    for (const bytes of writes) socket.write(bytes)
  })
  socket.on('data', (chunk: Uint8Array) => {
    received = Buffer.concat([received, chunk])
    if (cutAnswers(received).answers.length >= enough) socket.end()
    else quiet = quiet?.refresh() ?? setTimeout(() => socket.end(), QUIET_MS)
  })
  // What a server does to a connection is what is looked at.
  socket.on('error', () => undefined)
  socket.on('end', () => finish(true))
  socket.on('close', () => finish(true))
  return promise
}

/** Cuts what came into answers. */
export function cutAnswers(received: Buffer): Omit<Exchanged, 'closed'> {
  const answers: WireAnswer[] = []
  let at = 0
  for (;;) {
    const headEnd = received.indexOf('\r\n\r\n', at)
    if (headEnd === -1) break
    const [statusLine = '', ...lines] = received.toString('latin1', at, headEnd).split('\r\n')
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1])
    if (Number.isNaN(status)) break
    const headers = Object.fromEntries(lines.map(headerOf))
    const start = headEnd + 4
    const end = start + (sizeOf(status, headers) ?? received.length - start)
    if (Number.isNaN(end) || received.length < end) break
    if (status >= 200)
      answers.push({ status, headers, body: received.toString('utf8', start, end) })
    at = end
  }
  return { answers, rest: received.toString('latin1', at) }
}

const EMPTY_CHUNKS = '0\r\n\r\n'

// Node's own answers, which are empty, come in chunks. Undefined for what ends with its connection, as to HTTP/1.0.
function sizeOf(status: number, headers: Record<string, string>): number | undefined {
  if (status < 200 || status === 204) return 0
  if (headers['transfer-encoding'] === 'chunked') return EMPTY_CHUNKS.length
  const { 'content-length': length, connection } = headers
  return length === undefined && connection === 'close' ? undefined : Number(length)
}

function headerOf(line: string): [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
}
