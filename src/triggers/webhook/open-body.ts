import { type Content, mediaTypeOf, readContent } from '../../contracts/content.ts'
import { digestOf } from '../../inbox/digest.ts'
import { multipartAsJson } from './multipart-json.ts'

/** A verified body without its compression. */
export interface ClosedBody {
  contentType: string
  body: Uint8Array
  /** Members that do not count when two bodies are told apart. */
  volatile: readonly string[]
}

/** A body as it is kept, what it says, and what it is told apart by. */
export interface OpenedBody {
  contentType: string
  body: Uint8Array
  content: Content
  digest: Uint8Array
}

/** Reads a body. One of several parts becomes JSON, once and for all. */
export function openBody({ contentType, body, volatile }: ClosedBody): OpenedBody {
  if (mediaTypeOf(contentType) !== 'multipart/form-data') {
    return read({ contentType, body, volatile })
  }
  const json = multipartAsJson(contentType, body)
  if (json !== null) return read({ contentType: 'application/json', body: json, volatile })
  const content: Content = { readable: false, message: 'The parts of the body cannot be read.' }
  return { contentType, body, content, digest: digestOf(body) }
}

function read({ contentType, body, volatile }: ClosedBody): OpenedBody {
  const content = readContent(contentType, body)
  return { contentType, body, content, digest: digestOfContent({ body, content, volatile }) }
}

/** A digest of a body without its volatile members, which is the same when the same event is delivered again. */
export function digestOfContent({
  body,
  content,
  volatile,
}: {
  body: Uint8Array
  content: Content | null
  volatile: readonly string[]
}): Uint8Array {
  if (volatile.length === 0 || content?.readable !== true) return digestOf(body)
  const { data } = content
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return digestOf(body)
  const lasting = Object.entries(data).filter(([name]) => !volatile.includes(name))
  return digestOf(JSON.stringify(Object.fromEntries(lasting)))
}
