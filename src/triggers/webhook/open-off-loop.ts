import { Worker } from 'node:worker_threads'
import { type ClosedBody, type OpenedBody, openBody, unreadable } from './open-body.ts'
import type { Delivered, Order } from './opening-thread.ts'

/** Opens a body; one that is large in a thread, of which only the skeleton comes back. */
export type Open = (closed: ClosedBody) => OpenedBody | Promise<OpenedBody>

// Brackets and numbers alone take up to 60 ms for 1 MB to parse, ordinary JSON 4 ms.
const LARGEST_ON_LOOP = 256 * 1024

interface Waiting {
  resolve(delivered: Delivered): void
  reject(error: unknown): void
}

/**
 * Makes an opener with one thread, which starts with the first large body. What a thread fails on is tried once more,
 * as its companions are not to blame; what fails twice counts as unreadable, which is kept all the same.
 */
export function createOpen(): Open {
  const waiting = new Map<number, Waiting>()
  let thread: Worker | undefined
  let lastNumber = 0

  return (closed) =>
    closed.body.length <= LARGEST_ON_LOOP ? openBody(closed) : openOffLoop(closed)

  async function openOffLoop(closed: ClosedBody): Promise<OpenedBody> {
    try {
      return await hand(closed)
    } catch {
      return hand(closed).catch(() => unreadable(closed))
    }
  }

  async function hand(closed: ClosedBody): Promise<OpenedBody> {
    lastNumber += 1
    const order: Order = { number: lastNumber, ...closed }
    thread ??= startThread()
    thread.ref()
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    thread.postMessage(order)
    const { contentType, body, content, digest } = await new Promise<Delivered>((resolve, reject) =>
      waiting.set(order.number, { resolve, reject }),
    )
    return { contentType, body: body ?? closed.body, content, digest }
  }

  function startThread(): Worker {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const started = new Worker(new URL(`./opening-thread.${extension}`, import.meta.url))
    started.on('message', (delivered: Delivered) => {
      waiting.get(delivered.number)?.resolve(delivered)
      waiting.delete(delivered.number)
      // A thread without work holds no process.
      if (waiting.size === 0) started.unref()
    })
    // A thread that fails is replaced with the next large body. One that runs out of memory within `JSON.parse` takes
    // the process with it: nothing but its size bounds a body.
    started.on('error', (error) => {
      thread = undefined
      for (const { reject } of waiting.values()) reject(error)
      waiting.clear()
    })
    return started
  }
}
