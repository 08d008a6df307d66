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
  const { body, ...opened } = openBody(closed, skeletonOf)
  const isOther = body !== closed.body
  const delivered: Delivered = { number, ...opened, body: isOther ? body : undefined }
  // What was made here moves over instead of being copied on the loop.
  const moved = isOther && body.buffer instanceof ArrayBuffer ? [body.buffer] : []
  parentPort?.postMessage(delivered, moved)
})
