/**
 * The attributes of a subject in the form of RFC 2253, in their order, each in one spelling whatever escapes it came
 * with; what stands together with a plus is one of them. Null for everything else: what cannot be cut with certainty is
 * not cut, such as `/O=Acme/CN=a`, in which a value may hold a slash.
 */
export function attributesOf(subject: string): string[] | null {
  const attributes: string[] = []
  for (const together of cutAt(',', subject) ?? ['']) {
    const spelled = (cutAt('+', together) ?? ['']).map(spell)
    if (spelled.some((each) => each === null)) return null
    attributes.push(spelled.join('+'))
  }
  return attributes
}

// What is escaped, what is in quotes, or one character that is neither.
const PIECE = /\\[^]|"(?:[^"\\]|\\[^])*"|[^\\"]/g

/** Text between separators that are neither escaped nor in quotes; null where an escape or a quote stays open. */
export function cutAt(separator: string, text: string): string[] | null {
  const pieces = text.match(PIECE) ?? []
  if (pieces.join('').length !== text.length) return null
  const parts: string[][] = [[]]
  for (const piece of pieces) {
    if (piece === separator) parts.push([])
    else parts.at(-1)?.push(piece)
  }
  return parts.map((part) => part.join(''))
}

const ATTRIBUTE = /^([a-z][a-z0-9-]*|\d+(?:\.\d+)*)=(?:"([^]*)"|((?![ #])(?:\\[^]|[^\\"<>;])*))$/i

// The value is in quotes, in which nothing can be taken for another attribute.
function spell(attribute: string): string | null {
  const [, name, quoted, bare] = ATTRIBUTE.exec(attribute) ?? []
  const written = quoted ?? bare
  if (name === undefined || written === undefined) return null
  try {
    return `${name.toUpperCase()}=${JSON.stringify(written.replaceAll(ESCAPES, unescaped))}`
  } catch {
    return null
  }
}

const ESCAPES = /((?:\\[0-9a-f]{2})+)|\\([^])/gi
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const unescaped = (_: string, bytes: string | undefined, character: string): string =>
  bytes === undefined ? character : utf8.decode(Buffer.from(bytes.replaceAll('\\', ''), 'hex'))
