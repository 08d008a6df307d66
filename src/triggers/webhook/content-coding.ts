import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'

/** How a body is compressed; null where that is not known. */
type Coding = keyof typeof decoders | null

/** A body without its compression, or why there is none. */
export type Decoded =
  | { outcome: 'decoded'; body: Uint8Array }
  | { outcome: 'too_large' }
  | { outcome: 'corrupt' }

const decoders = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
}

// Text shrinks to a tenth at most; small bodies of one word may shrink further.
const LARGEST_RATIO = 10
const ALWAYS_ALLOWED_BYTES = 64 * 1024

/** The one coding that a `content-encoding` names. Several, one over the other, are not taken. */
export function codingOf(contentEncoding = 'identity'): Coding | 'identity' {
  const name = contentEncoding.trim().toLowerCase()
  return name === 'identity' || name === 'gzip' || name === 'deflate' || name === 'br' ? name : null
}

/** Takes the compression off a body, as long as what comes out stays within its limit and ten times of what came. */
export async function decode(
  wire: Uint8Array,
  { coding, limitBytes }: { coding: Coding; limitBytes: number },
): Promise<Decoded> {
  if (coding === null) return { outcome: 'corrupt' }
  const maxOutputLength = Math.min(limitBytes, LARGEST_RATIO * wire.length + ALWAYS_ALLOWED_BYTES)
  try {
    return { outcome: 'decoded', body: await decoders[coding](wire, { maxOutputLength }) }
  } catch (error) {
    const isTooLarge =
      error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
    return { outcome: isTooLarge ? 'too_large' : 'corrupt' }
  }
}
