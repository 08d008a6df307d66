import type { StoredRunEvent } from '../contracts/run.ts'

/** One run event as it goes over the wire, encoded once for all of its readers. */
export interface Frame {
  seq: number
  bytes: Buffer
  /** True for the event that ends the run. */
  ends: boolean
}

/** Encodes an event for Server-Sent Events. JSON has no line breaks, so that one line of data is enough. */
export function toFrame({ runId, seq, type, data }: StoredRunEvent): Frame {
  const text = `id: ${runId}:${seq}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`
  return { seq, bytes: Buffer.from(text), ends: 'last' in data }
}

/** Frames as one piece, so that they leave in one packet. */
export function bytesOf(frames: Frame[]): Buffer {
  const [first] = frames
  return frames.length === 1 && first !== undefined
    ? first.bytes
    : Buffer.concat(frames.map(({ bytes }) => bytes))
}
