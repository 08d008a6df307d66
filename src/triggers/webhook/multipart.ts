/** One part of a `multipart/form-data` body; `content` are bytes of the body itself, not a copy. */
export interface FormPart {
  name: string
  /** Present where the part is a file. */
  fileName?: string
  contentType?: string
  content: Uint8Array
}

// More than any provider sends. Mail is searched for what signed it before anybody knows who sent it: the heads of all
// parts together must cost little.
const MOST_PARTS = 1_000
const LONGEST_HEAD = 2_048
const MOST_HEAD_LINES = 8
const MOST_HEAD_BYTES = 256 * 1024

/**
 * The parts of a `multipart/form-data` body in their order. Null for everything that is not exactly one: a missing or
 * repeated boundary, text between parts, a part without a name, an end that is missing.
 */
export const readMultipart = (contentType: string, body: Uint8Array): FormPart[] | null =>
  readUntil(() => false, { contentType, body })

/** The parts of such a body up to the one with which the last of these names is found; null where one is missing. */
export function readFirstParts(
  names: readonly string[],
  { contentType, body }: { contentType: string; body: Uint8Array },
): FormPart[] | null {
  const missing = new Set(names)
  const isLast = ({ name }: FormPart): boolean => missing.delete(name) && missing.size === 0
  const parts = readUntil(isLast, { contentType, body })
  return missing.size === 0 ? parts : null
}

function readUntil(
  isLast: (part: FormPart) => boolean,
  { contentType, body }: { contentType: string; body: Uint8Array },
): FormPart[] | null {
  const boundary = boundaryOf(contentType)
  if (boundary === null) return null
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const opening = Buffer.from(`--${boundary}`)
  if (!bytes.subarray(0, opening.length).equals(opening)) return null

  const parts: FormPart[] = []
  let at = opening.length
  let headBytes = 0
  while (parts.length <= MOST_PARTS) {
    const mark = bytes.toString('latin1', at, at + 2)
    if (mark === '--') return isEnd(bytes, at + 2) ? parts : null
    if (mark !== '\r\n') return null
    // A part without any header begins with an empty line: its name is missing all the same.
    const headEnd = bytes.subarray(at, at + LONGEST_HEAD).indexOf('\r\n\r\n')
    headBytes += headEnd
    if (headEnd === -1 || headBytes > MOST_HEAD_BYTES) return null
    const start = at + headEnd + 4
    const end = bytes.indexOf(`\r\n--${boundary}`, start)
    const head = readHead(bytes.toString('utf8', at + 2, at + headEnd))
    if (end === -1 || head === null) return null
    const part = { ...head, content: bytes.subarray(start, end) }
    parts.push(part)
    if (isLast(part)) return parts
    at = end + opening.length + 2
  }
  return null
}

/** Parts as one body, as a sender would write them. */
export function printMultipart(boundary: string, parts: FormPart[]): Uint8Array {
  const chunks = parts.flatMap(({ name, fileName, contentType, content }) => [
    `--${boundary}\r\ncontent-disposition: form-data; name="${name}"`,
    fileName === undefined ? '' : `; filename="${fileName}"`,
    contentType === undefined ? '' : `\r\ncontent-type: ${contentType}`,
    '\r\n\r\n',
    content,
    '\r\n',
  ])
  return Buffer.concat([...chunks, `--${boundary}--\r\n`].map((chunk) => Buffer.from(chunk)))
}

function boundaryOf(contentType: string): string | null {
  if (!/^multipart\/form-data\s*;/i.test(contentType)) return null
  const found = [
    ...contentType.matchAll(/;\s*boundary=(?:"([^"]{1,70})"|([^\s;",]{1,70}))(?=;|$)/gi),
  ]
  if (found.length !== 1) return null
  const boundary = found[0]?.[1] ?? found[0]?.[2] ?? ''
  return /^[\x20-\x7e]+$/.test(boundary) ? boundary : null
}

// Senders end with a line break or with nothing.
const isEnd = (bytes: Buffer, at: number): boolean =>
  ['', '\r\n'].includes(bytes.toString('latin1', at, at + 3))

function readHead(text: string): Omit<FormPart, 'content'> | null {
  const headers = new Map<string, string>()
  const lines = text.split('\r\n', MOST_HEAD_LINES + 1)
  if (lines.length > MOST_HEAD_LINES) return null
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    if (colon < 1 || headers.has(name)) return null
    headers.set(name, line.slice(colon + 1).trim())
  }
  const disposition = headers.get('content-disposition') ?? ''
  if (!/^form-data\s*;/i.test(disposition)) return null
  const name = parameter(disposition, 'name')
  if (name === null || name === undefined) return null
  const fileName = parameter(disposition, 'filename')
  const contentType = headers.get('content-type')
  return {
    name,
    ...(fileName === undefined || fileName === null ? {} : { fileName }),
    ...(contentType === undefined ? {} : { contentType }),
  }
}

// Null where it was named twice.
function parameter(header: string, name: string): string | null | undefined {
  const pattern = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;"]+))`, 'gi')
  const found = [...header.matchAll(pattern)]
  if (found.length > 1) return null
  const [match] = found
  return match === undefined ? undefined : (match[1]?.replaceAll(/\\(.)/g, '$1') ?? match[2])
}
