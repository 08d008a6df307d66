import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Share } from './body-room.ts'

/** What came of reading a body. */
export type BodyRead =
  | { outcome: 'read'; body: Uint8Array }
  | { outcome: 'too_large' }
  /** It comes in pieces of a few bytes: nobody writes like that, and each of them costs as much as a large one. */
  | { outcome: 'crumbled' }
  /** Others take all the room there is. */
  | { outcome: 'no_room' }
  /** The sender left, or was cut, before the end. */
  | { outcome: 'broken_off' }

/**
 * Reads a body once, up to its limit and as long as there is room for it. Where it ends before, what is to come stays
 * unread: the connection must be closed.
 */
export function readBody(
  incoming: IncomingMessage,
  { limitBytes, share }: { limitBytes: number; share: Share },
): Promise<BodyRead> {
  return new Promise((resolve) => {
    const pages = createPages()
    let pieces = 0
    let unrestedBytes = 0
    incoming.on('data', onData)
    incoming.on('end', () => resolve({ outcome: 'read', body: pages.whole() }))
    // Without a listener the error of a sender who leaves would end the process; `close` follows it.
    incoming.on('error', () => undefined)
    incoming.on('close', () => resolve({ outcome: 'broken_off' }))

    function onData(chunk: Uint8Array): void {
      pieces += 1
      unrestedBytes += chunk.length
      if (unrestedBytes >= BYTES_PER_TURN || pieces % PIECES_PER_TURN === 0) {
        rest(incoming.socket)
        unrestedBytes = 0
      }
      if (pages.size() + chunk.length > limitBytes) stop('too_large')
      else if (pieces > MOST_SMALL_PIECES && pages.size() < pieces * LEAST_PIECE_BYTES) cut()
      else if (share.take(chunk.length)) pages.add(chunk)
      else stop('no_room')
    }

    // Its sender need not read an answer: what is on its way would cost as much as what has come.
    function cut(): void {
      stop('crumbled')
      incoming.socket.destroy()
    }

    function stop(outcome: 'too_large' | 'no_room' | 'crumbled'): void {
      incoming.off('data', onData)
      incoming.pause()
      resolve({ outcome })
    }
  })
}

// Node reads 2 MB of a connection before it looks at the next one. Hundreds of large bodies would hold up small ones for
// seconds, as would one that comes in pieces of a byte.
const BYTES_PER_TURN = 64 * 1024
const PIECES_PER_TURN = 1_000

function rest(socket: Socket): void {
  socket.pause()
  setImmediate(() => socket.resume())
}

// A megabyte in single bytes takes seconds to take apart, however it is read.
const MOST_SMALL_PIECES = 10_000
const LEAST_PIECE_BYTES = 16

const SMALL_BYTES = 4 * 1024
const SMALLEST_PAGE_BYTES = 8 * 1024
const LARGEST_PAGE_BYTES = 64 * 1024

/**
 * Collects the pieces of a body. Small ones share pages: a sender who chooses pieces of one byte would fill the memory
 * with a hundred times of what it sends.
 */
function createPages() {
  const pages: Uint8Array[] = []
  let size = 0
  let page = Buffer.alloc(0)
  let filled = 0

  return {
    size: () => size,
    add(piece: Uint8Array): void {
      // Most bodies are one piece.
      if (size === 0 || piece.length > SMALL_BYTES) {
        turn(0)
        pages.push(piece)
      } else {
        if (page.length - filled < piece.length) {
          turn(Math.min(Math.max(size, SMALLEST_PAGE_BYTES), LARGEST_PAGE_BYTES))
        }
        page.set(piece, filled)
        filled += piece.length
      }
      size += piece.length
    },
    whole(): Uint8Array {
      turn(0)
      const [first] = pages
      return pages.length === 1 && first !== undefined ? first : Buffer.concat(pages)
    },
  }

  function turn(nextBytes: number): void {
    if (filled > 0) pages.push(page.subarray(0, filled))
    page = Buffer.allocUnsafe(nextBytes)
    filled = 0
  }
}
