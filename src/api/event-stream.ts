import type { ServerResponse } from 'node:http'

/** Headers of every stream; the last two keep proxies from holding it back or packing it. */
export const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

// What a reader may leave lying. More of it and memory grows with the slowness of readers.
const BACKLOG_BYTES = 256 * 1024
const RETRY = 'retry: 2000\n\n'
const HEARTBEAT = ': hb\n\n'

/** One open connection of Server-Sent Events. */
export interface EventStream {
  readonly isOpen: boolean
  /** Sends what just happened, or drops the connection of a reader who is 256 KB behind. */
  push(bytes: Buffer): void
  /** Sends what lies in store; resolves once the reader can take more, or is gone. */
  send(bytes: Buffer): Promise<void>
  /** Sends a comment, or drops a reader who has taken nothing since the last one. */
  beat(): void
  end(): void
  drop(): void
  onClose(callback: () => void): void
}

/** Begins the answer on Node's own response. A dropped reader resumes from the last id that it got. */
export function openEventStream(response: ServerResponse): EventStream {
  let waitingBefore = Infinity
  // Not by writeHead, which would hide them from who looks for open streams when the server stops.
  response.setHeaders(new Map(Object.entries(STREAM_HEADERS)))
  response.flushHeaders()
  response.socket?.setNoDelay(true)
  response.write(RETRY)

  return {
    get isOpen() {
      return isOpen()
    },
    push(bytes) {
      if (!isOpen()) return
      if (response.writableLength > BACKLOG_BYTES) response.destroy()
      else response.write(bytes)
    },
    send(bytes) {
      if (!isOpen() || response.write(bytes)) return Promise.resolve()
      return new Promise((resolve) => {
        const goOn = () => {
          response.off('drain', goOn).off('close', goOn)
          resolve()
        }
        response.on('drain', goOn).on('close', goOn)
      })
    },
    beat() {
      const waiting = response.writableLength
      const isStuck = waiting > 0 && waiting >= waitingBefore
      waitingBefore = waiting
      if (isOpen() && !response.writableNeedDrain) response.write(HEARTBEAT)
      else if (isStuck) response.destroy()
    },
    end() {
      response.end()
    },
    drop() {
      response.destroy()
    },
    onClose(callback) {
      if (isOpen()) response.once('close', callback)
      else callback()
    },
  }

  function isOpen(): boolean {
    return !response.destroyed && !response.writableEnded
  }
}
