import type { IncomingMessage } from 'node:http'

/** What came of reading a body. */
export type BodyRead =
  | { outcome: 'read'; body: Uint8Array }
  | { outcome: 'too_large' }
  /** The sender left, or was cut, before the end. */
  | { outcome: 'broken_off' }

/** Reads a body once, up to its limit. What comes after the limit stays unread: the connection must be closed. */
export function readBody(incoming: IncomingMessage, limitBytes: number): Promise<BodyRead> {
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = []
    let size = 0
    incoming.on('data', (chunk: Uint8Array) => {
      size += chunk.length
      if (size <= limitBytes) {
        chunks.push(chunk)
        return
      }
      incoming.pause()
      resolve({ outcome: 'too_large' })
    })
    incoming.on('end', () => {
      const [first] = chunks
      const isWhole = chunks.length === 1 && first !== undefined
      resolve({ outcome: 'read', body: isWhole ? first : Buffer.concat(chunks) })
    })
    // Without a listener the error of a sender who leaves would end the process; `close` follows it.
    incoming.on('error', () => undefined)
    incoming.on('close', () => resolve({ outcome: 'broken_off' }))
  })
}
