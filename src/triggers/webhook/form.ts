/** One field of a form, decoded. */
export interface FormField {
  name: string
  value: string
}

// More than any provider sends.
const MOST_FIELDS = 1_000

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The fields of an `application/x-www-form-urlencoded` body in their order. Null where its escapes or its UTF-8 are
 * broken, or a field has no `=`: a lenient reader would make the same fields of different bytes.
 */
export function readForm(body: Uint8Array): FormField[] | null {
  try {
    const text = utf8.decode(body)
    const pairs = text === '' ? [] : text.split('&', MOST_FIELDS + 1)
    return pairs.length > MOST_FIELDS ? null : pairs.map(toField)
  } catch {
    return null
  }
}

function toField(pair: string): FormField {
  const at = pair.indexOf('=')
  if (at === -1) throw new Error('Expected a field with a value.')
  return { name: decode(pair.slice(0, at)), value: decode(pair.slice(at + 1)) }
}

const decode = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '))

/**
 * The values of one field, of which at most two are looked for, out of a form that nobody has verified: however large
 * it is, this is one search. Nothing is decoded.
 */
export function findInForm(body: Uint8Array, name: string): string[] {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const first = `${name}=`
  const starts: number[] = []
  if (bytes.subarray(0, first.length).equals(Buffer.from(first))) starts.push(first.length)
  let at = 0
  while (starts.length < 2) {
    at = bytes.indexOf(`&${first}`, at)
    if (at === -1) break
    at += first.length + 1
    starts.push(at)
  }
  return starts.map((start) => {
    const end = bytes.indexOf('&', start)
    return bytes.toString('latin1', start, end === -1 ? bytes.length : end)
  })
}
