/** The members of an object by name, or the elements of an array by index, each as its exact JSON text. */
export type Parts = ReadonlyMap<string, string>

/** JSON as a value, as the text that came, and as the texts of its parts. */
export interface Readable {
  value: unknown
  text: string
  parts: Parts
}

// Deeper than any event needs, and far from what overflows the stack of whoever prints the data again.
const DEEPEST = 64

/** Reads JSON of at most 64 levels. */
export function parseJsonText(
  body: Uint8Array,
): (Readable & { readable: true }) | { readable: false; detail: string } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body)
    const value: unknown = JSON.parse(text)
    return { readable: true, value, text, parts: cutJson(text) }
  } catch (error) {
    return { readable: false, detail: `The body cannot be read: ${String(error)}` }
  }
}

/** Cuts valid JSON into its parts: parsing and printing it again would change large numbers. */
export function cutJson(text: string): Parts {
  const parts = new Map<string, string>()
  let name: string | undefined
  let start = 0
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    const mark = text.charAt(at)
    if (mark === '"') at = endOfString(text, at)
    if (mark === '{' || mark === '[') depth += 1
    if (depth > DEEPEST) throw new Error(`Expected at most ${DEEPEST} levels.`)
    if (depth === 1 && '{[:,}]'.includes(mark)) {
      if (mark === ':') name = String(JSON.parse(text.slice(start, at)))
      if (',}]'.includes(mark)) parts.set(name ?? String(parts.size), text.slice(start, at).trim())
      start = at + 1
    }
    if (mark === '}' || mark === ']') depth -= 1
  }
  return parts
}

function endOfString(text: string, start: number): number {
  let at = start + 1
  while (text.charAt(at) !== '"') at += text.charAt(at) === '\\' ? 2 : 1
  return at
}
