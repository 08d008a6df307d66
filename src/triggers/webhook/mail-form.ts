import { collectFields, mediaTypeOf } from '../../contracts/content.ts'
import { textAt, valueAt } from './body-readers.ts'
import { digestKey } from './digest-key.ts'
import { readForm } from './form.ts'
import { type FormPart, readMultipart } from './multipart.ts'

/** How the forms of a provider become a mail. */
export interface MailOpening {
  /** Fields that are no part of the mail. */
  without: readonly string[]
  /** The field that says in JSON in which charset each of the others is; UTF-8 where absent. */
  charsets?: string
}

/** A mail as it is kept, and what presets read of it: its fields, and a digest of all of it. */
interface OpenedMail {
  /** `{ fields: { name: text }, files: [{ field, name, type, size, base64 }] }`. */
  json: Uint8Array
  /** Texts of at most 64 KB: where a provider hands over the whole message, its headers are its beginning. */
  said: { fields: Record<string, unknown>; digest: string }
}

// The request is kept as well: in base64, all of a mail would be in the database more than twice.
const MOST_FILE_BYTES = 1024 * 1024
const LONGEST_SAID = 64 * 1024

/**
 * Reads a form of either media type as a mail; null where it is none. Attachments that fit into 1 MB together have
 * their content; of the others `base64` is null, and the content stays in the request.
 */
export function openMail(
  { contentType, body }: { contentType: string; body: Uint8Array },
  { without, charsets }: MailOpening,
): OpenedMail | null {
  const parts = readParts(contentType, body)?.filter(({ name }) => !without.includes(name))
  if (parts === undefined) return null
  const charsetsSaid = charsets === undefined ? undefined : parsed(textOf(parts, charsets))
  const texts = parts
    .filter(({ fileName }) => fileName === undefined)
    .map(({ name, content }): [string, string] => [
      name,
      decode(content, textAt(charsetsSaid, name)),
    ])
  const mail = { fields: collectFields(texts), files: filesOf(parts) }
  const json = new TextEncoder().encode(JSON.stringify(mail))
  const short = texts.map(([name, text]): [string, string] => [name, text.slice(0, LONGEST_SAID)])
  return { json, said: { fields: collectFields(short), digest: digestKey(json) } }
}

/** A field of a mail, as it was said; undefined where there is none, or more than one. */
export const fieldOf = (said: unknown, name: string): string | undefined =>
  textAt(valueAt(said, 'fields'), name)

/** The text of the only part of this name; undefined where there is none, or more than one. */
export function textOf(parts: FormPart[], name: string): string | undefined {
  const [first, second] = parts.filter((part) => part.name === name)
  return first === undefined || second !== undefined ? undefined : decode(first.content)
}

/** What a text says in JSON; undefined where it says nothing. */
export function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}

function readParts(contentType: string, body: Uint8Array): FormPart[] | undefined {
  if (mediaTypeOf(contentType) === 'multipart/form-data') {
    return readMultipart(contentType, body) ?? undefined
  }
  const encoder = new TextEncoder()
  return readForm(body)?.map(({ name, value }) => ({ name, content: encoder.encode(value) }))
}

function filesOf(parts: FormPart[]) {
  let room = MOST_FILE_BYTES
  return parts.flatMap(({ name: field, fileName: name, contentType: type, content }) => {
    if (name === undefined) return []
    const size = content.length
    const fits = size <= room
    if (fits) room -= size
    const base64 = fits ? bytesOf(content).toString('base64') : null
    return [{ field, name, type, size, base64 }]
  })
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength)

// What is no text in its charset, or says a charset that nobody knows, is read as far as it can be.
function decode(content: Uint8Array, charset = 'utf-8'): string {
  try {
    return new TextDecoder(charset).decode(content)
  } catch {
    return new TextDecoder().decode(content)
  }
}
