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

/** The one coding that a `content-encoding` names. Several, one over the other, are not taken. */
export function codingOf(contentEncoding = 'identity'): Coding | 'identity' {
  const name = contentEncoding.trim().toLowerCase()
  return name === 'identity' || name === 'gzip' || name === 'deflate' || name === 'br' ? name : null
}

/**
 * Takes the compression off a verified body, as long as what comes out stays within its limit. How far it grows says
 * nothing against it: a list of events that are much alike shrinks to a thirtieth.
 */
export async function decode(
  wire: Uint8Array,
  { coding, limitBytes }: { coding: Coding; limitBytes: number },
): Promise<Decoded> {
  if (coding === null) return { outcome: 'corrupt' }
  try {
    const body = await decoders[coding](wire, { maxOutputLength: limitBytes })
    return { outcome: 'decoded', body }
  } catch (error) {
    const isTooLarge =
      error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
    return { outcome: isTooLarge ? 'too_large' : 'corrupt' }
  }
}
