import { parentPort } from 'node:worker_threads'
import { type ClosedBody, type OpenedBody, openBody } from './open-body.ts'
import { skeletonOf } from './skeleton.ts'

/** A body to open, with a number by which its answer is known. */
export interface Order extends ClosedBody {
  number: number
}

/** What came of an order. `body` is undefined where it is the one that was given. */
export interface Delivered extends Omit<OpenedBody, 'body'> {
  number: number
  body: Uint8Array | undefined
}

// The entry of a thread: it opens bodies for `open-off-loop.ts`, which would hold the event loop.
parentPort?.on('message', ({ number, ...closed }: Order) => {
  const { contentType, body, content, digest } = openBody(closed)
  const delivered: Delivered = {
    number,
    contentType,
    body: body === closed.body ? undefined : body,
    content: content.readable ? { readable: true, data: skeletonOf(content.data) } : content,
    digest,
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(delivered)
})
