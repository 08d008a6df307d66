import { parseJson } from './strict-json.ts'

/** What a body says: its value, or why it cannot be read. */
export type Content = { readable: true; data: unknown } | { readable: false; message: string }

// Keeps nothing between two bodies. Refuses what is no UTF-8, and passes over a byte order mark.
const utf8 = new TextDecoder('utf-8', { fatal: true })

// Far more than any form has; making a list of hundreds of thousands would hold everybody up.
const MOST_FIELDS = 1_000

/**
 * Reads a body by its content type: JSON (`application/json`, `…+json`), a form (the JSON in its field `payload`, else
 * its fields, those with the same name as a list), and anything else as JSON or, failing that, as text. Unreadable is
 * what is no UTF-8, what says it is JSON and is not, and JSON of more than 64 levels.
 */
export function readContent(contentType: string, body: Uint8Array): Content {
  const mediaType = mediaTypeOf(contentType)
  try {
    const text = utf8.decode(body)
    if (isJson(mediaType)) return { readable: true, data: parseJson(text) }
    if (mediaType === FORM) return { readable: true, data: readForm(text) }
    return { readable: true, data: jsonOrText(text) }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    return { readable: false, message: `The body is no ${mediaType || 'text'}: ${detail}` }
  }
}

const FORM = 'application/x-www-form-urlencoded'

/** The media type without parameters, in lower case. */
export const mediaTypeOf = (contentType: string): string =>
  contentType.split(';', 1).join('').trim().toLowerCase()

/** Whether text under this content type is in UTF-8, of which US-ASCII is a part: nothing else is read. */
export function isUtf8(contentType: string): boolean {
  const charset = /;\s*charset\s*=\s*"?([^";]*)/i.exec(contentType)?.[1] ?? 'utf-8'
  return ['utf-8', 'utf8', 'us-ascii'].includes(charset.trim().toLowerCase())
}

/** Named values as an object: what has the same name becomes a list. The name `__proto__` is passed over. */
export function collectFields<Value>(
  pairs: Iterable<[string, Value]>,
): Record<string, Value | Value[]> {
  const values = new Map<string, Value[]>()
  for (const [name, value] of pairs) {
    if (name === '__proto__') continue
    const same = values.get(name)
    if (same === undefined) values.set(name, [value])
    else same.push(value)
  }
  const fields: Record<string, Value | Value[]> = {}
  for (const [name, [first, ...others]] of values) {
    if (first !== undefined) fields[name] = others.length === 0 ? first : [first, ...others]
  }
  return fields
}

const isJson = (mediaType: string): boolean =>
  mediaType === 'application/json' || mediaType.endsWith('+json')

function readForm(text: string): unknown {
  let fields = 1
  for (let at = text.indexOf('&'); at !== -1; at = text.indexOf('&', at + 1)) fields += 1
  if (fields > MOST_FIELDS) throw new Error(`Expected at most ${MOST_FIELDS} fields.`)
  const form = new URLSearchParams(text)
  const payload = form.get('payload')
  return payload === null ? collectFields(form) : parseJson(payload)
}

function jsonOrText(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return text
  }
}
