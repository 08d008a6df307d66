/** More levels than any sender needs, and few enough for whoever prints the value again. */
const DEEPEST = 64

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_OBJECT = 0x7b
const OPEN_ARRAY = 0x5b
const CLOSE_OBJECT = 0x7d
const CLOSE_ARRAY = 0x5d

// An escape of one of the letters of `__proto__`.
const ESCAPED_LETTER = /\\u00(?:5f|70|72|6f|74)/i

/**
 * Parses JSON of at most 64 levels. Of members with the same name the last counts; members named `__proto__` are left
 * out, however they are written. Throws where the text is anything else.
 */
export function parseJson(text: string): unknown {
  if (mayBeDeep(text) && isDeeperThan(DEEPEST, text))
    throw new Error(`Expected at most ${DEEPEST} levels.`)
  const value: unknown = JSON.parse(text)
  if (mayNameProto(text)) dropProto(value)
  return value
}

// Most bodies have too few brackets to be deep: finding those is faster than looking at every character.
const mayBeDeep = (text: string): boolean => has(DEEPEST, '{', text) || has(DEEPEST, '[', text)

function has(wanted: number, mark: string, text: string): boolean {
  let found = 0
  for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + 1)) {
    found += 1
    // Together they may be as many as twice that.
    if (found > wanted / 2) return true
  }
  return false
}

// Before anything is parsed: a hundred thousand brackets cost a parser far more than this.
function isDeeperThan(deepest: number, text: string): boolean {
  let depth = 0
  let inString = false
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (inString) {
      if (code === BACKSLASH) at += 1
      else if (code === QUOTE) inString = false
    } else if (code === QUOTE) {
      inString = true
    } else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      depth += 1
      if (depth > deepest) return true
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
      depth -= 1
    }
  }
  return false
}

// Hardly any text has either, and only such text is walked through.
const mayNameProto = (text: string): boolean =>
  text.includes('__proto__') || (text.includes('\\u00') && ESCAPED_LETTER.test(text))

function dropProto(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  if (Object.hasOwn(value, '__proto__')) Reflect.deleteProperty(value, '__proto__')
  for (const member of Object.values(value)) dropProto(member)
}
