/** What a body says: its value, or why it cannot be read. */
export type Content = { readable: true; data: unknown } | { readable: false; message: string }

// Keeps nothing between two bodies. Refuses what is no UTF-8, and passes over a byte order mark.
const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Reads a body by its content type: JSON (`application/json`, `…+json`), JSON in the `payload` field of a form, and
 * anything else as text. Invalid UTF-8 is unreadable.
 */
export function readContent(contentType: string, body: Uint8Array): Content {
  const mediaType = mediaTypeOf(contentType)
  try {
    const text = utf8.decode(body)
    if (isJson(mediaType)) return { readable: true, data: JSON.parse(text) }
    if (mediaType !== 'application/x-www-form-urlencoded') return { readable: true, data: text }
    const form = new URLSearchParams(text)
    const payload = form.get('payload')
    return {
      readable: true,
      data: payload === null ? Object.fromEntries(form) : JSON.parse(payload),
    }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    return { readable: false, message: `The body is no ${mediaType || 'text'}: ${detail}` }
  }
}

/** The media type without parameters, in lower case. */
export const mediaTypeOf = (contentType: string): string =>
  contentType.split(';', 1).join('').trim().toLowerCase()

const isJson = (mediaType: string): boolean =>
  mediaType === 'application/json' || mediaType.endsWith('+json')
