/** An element of an XML document. Names come without their prefixes. */
export interface XmlElement {
  name: string
  /** Values by name, as they were written but for the entities. */
  attributes: ReadonlyMap<string, string>
  children: XmlElement[]
  /** The text directly in it, white space included. */
  text: string
}

const DEEPEST = 32
// A hundred notifications with five hundred fields each.
const MOST_ELEMENTS = 50_000

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Reads what senders of SOAP need of XML 1.0, and refuses the rest with null: no document type, no entities but the
 * five and numeric ones, no processing instructions, no comments, UTF-8 only, at most 32 levels and 50,000 elements.
 * Whether a prefix is bound to a namespace is not looked at.
 */
export function readXml(body: Uint8Array): XmlElement | null {
  try {
    return readDocument(utf8.decode(body))
  } catch {
    return null
  }
}

const NAME = /[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?/.source
const VALUE = /"[^"<]*"|'[^'<]*'/.source
const DECLARATION = new RegExp(
  `^<\\?xml\\s+version\\s*=\\s*["']1\\.0["'](?:\\s+encoding\\s*=\\s*["']utf-8["'])?` +
    `(?:\\s+standalone\\s*=\\s*["']yes["'])?\\s*\\?>`,
  'i',
)
const OPENING = new RegExp(`<(${NAME})((?:\\s+${NAME}\\s*=\\s*(?:${VALUE}))*)\\s*(/?)>`, 'y')
const CLOSING = new RegExp(`</(${NAME})\\s*>`, 'y')
const ATTRIBUTE = new RegExp(`(${NAME})\\s*=\\s*(${VALUE})`, 'g')
const CDATA = '<![CDATA['

function readDocument(text: string): XmlElement {
  const root: XmlElement = { name: '', attributes: new Map(), children: [], text: '' }
  const open: { element: XmlElement; tag: string }[] = [{ element: root, tag: '' }]
  let elements = 0
  let at = DECLARATION.exec(text)?.[0].length ?? 0

  while (at < text.length) {
    const current = open.at(-1)
    if (current === undefined) throw malformed(at)
    if (text.charAt(at) !== '<') {
      const end = text.indexOf('<', at)
      const stop = end === -1 ? text.length : end
      current.element.text += unescaped(text.slice(at, stop))
      at = stop
    } else if (text.startsWith(CDATA, at)) {
      const end = text.indexOf(']]>', at)
      if (end === -1) throw malformed(at)
      current.element.text += text.slice(at + CDATA.length, end)
      at = end + 3
    } else if (text.charAt(at + 1) === '/') {
      const [whole, tag] = next(CLOSING)
      if (open.length === 1 || tag !== current.tag) throw malformed(at)
      open.pop()
      at += whole.length
    } else {
      const [whole, tag = '', attributes = '', slash] = next(OPENING)
      elements += 1
      if (elements > MOST_ELEMENTS || open.length > DEEPEST) throw malformed(at)
      const element = {
        name: local(tag),
        attributes: readAttributes(attributes),
        children: [],
        text: '',
      }
      current.element.children.push(element)
      if (slash === '') open.push({ element, tag })
      at += whole.length
    }
  }

  const [only, second] = root.children
  const isOne = only !== undefined && second === undefined && root.text.trim() === ''
  if (open.length !== 1 || !isOne) throw malformed(at)
  return only

  function next(pattern: RegExp): RegExpExecArray {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found === null) throw malformed(at)
    return found
  }
}

const NONE: ReadonlyMap<string, string> = new Map()

function readAttributes(attributes: string): ReadonlyMap<string, string> {
  if (attributes === '') return NONE
  const values = new Map<string, string>()
  for (const [, name = '', quoted = ''] of attributes.matchAll(ATTRIBUTE)) {
    if (values.has(name)) throw new Error(`Expected the attribute ${name} once.`)
    values.set(name, unescaped(quoted.slice(1, -1)))
  }
  return new Map([...values].map(([name, value]) => [local(name), value]))
}

const local = (name: string): string => name.slice(name.indexOf(':') + 1)

const ENTITIES = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
])

function unescaped(text: string): string {
  const pieces: string[] = []
  let start = 0
  for (let at = text.indexOf('&'); at !== -1; at = text.indexOf('&', start)) {
    const end = text.indexOf(';', at)
    pieces.push(text.slice(start, at), entity(text.slice(at + 1, end)))
    start = end + 1
  }
  return pieces.length === 0 ? text : pieces.join('') + text.slice(start)
}

function entity(name: string): string {
  const known = ENTITIES.get(name)
  if (known !== undefined) return known
  const [, decimal, hex] = /^#(?:(\d{1,7})|x([0-9a-f]{1,6}))$/i.exec(name) ?? []
  if (decimal !== undefined) return character(Number(decimal))
  if (hex !== undefined) return character(Number.parseInt(hex, 16))
  throw new Error('Expected one of the five entities.')
}

// What XML 1.0 calls a character: no NUL, no halves of a pair.
function character(code: number): string {
  const isText = code >= 0x20 ? code < 0xd800 || code > 0xdfff : [0x9, 0xa, 0xd].includes(code)
  if (!isText || code === 0xfffe || code === 0xffff) throw new Error('Expected a character.')
  return String.fromCodePoint(code)
}

const malformed = (at: number): Error =>
  new Error(`Expected XML, received something else at ${at}.`)
