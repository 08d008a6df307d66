import { collectFields, mediaTypeOf } from '../../contracts/content.ts'
import { jsonPart } from './elements.ts'
import { readForm } from './form.ts'
import { type FormPart, readMultipart } from './multipart.ts'
import type { EventFacts } from './preset.ts'

/** A form of either media type, in parts; null where it is none. */
export function readMailForm(contentType: string, body: Uint8Array): FormPart[] | null {
  if (mediaTypeOf(contentType) !== 'application/x-www-form-urlencoded') {
    return readMultipart(contentType, body)
  }
  const encoder = new TextEncoder()
  return (
    readForm(body)?.map(({ name, value }) => ({ name, content: encoder.encode(value) })) ?? null
  )
}

// In base64 it leaves room below the 2 MB that Temporal takes as the input of a run.
const MOST_FILE_BYTES = 1024 * 1024

/**
 * A mail in parts as JSON: `{ fields: { name: text }, files: [{ field, name, type, size, base64 }] }`. Attachments that
 * fit into 1 MB together have their content; of the others `base64` is null, and the content stays in the request.
 */
export function mailAsJson(
  parts: FormPart[],
  { charsetOf = () => undefined }: { charsetOf?(field: string): string | undefined } = {},
): NonNullable<EventFacts['part']> {
  const fields = parts
    .filter(({ fileName }) => fileName === undefined)
    .map(({ name, content }): [string, string] => [name, decode(content, charsetOf(name))])
  let room = MOST_FILE_BYTES
  const files = parts.flatMap(({ name: field, fileName: name, contentType: type, content }) => {
    if (name === undefined) return []
    const size = content.length
    const fits = size <= room
    if (fits) room -= size
    const base64 = fits ? Buffer.from(content).toString('base64') : null
    return [{ field, name, type, size, base64 }]
  })
  return jsonPart(JSON.stringify({ fields: collectFields(fields), files }))
}

/** The text of the only part of this name; undefined where there is none, or more than one. */
export function textOf(parts: FormPart[], name: string): string | undefined {
  const [first, second] = parts.filter((part) => part.name === name)
  return first === undefined || second !== undefined ? undefined : decode(first.content)
}

// What is no text in its charset, or says a charset that nobody knows, is read as far as it can be.
function decode(content: Uint8Array, charset = 'utf-8'): string {
  try {
    return new TextDecoder(charset).decode(content)
  } catch {
    return new TextDecoder().decode(content)
  }
}
