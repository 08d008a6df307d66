import { collectFields } from '../../contracts/content.ts'
import { readMultipart } from './multipart.ts'

const MOST_PARTS = 200
const LONGEST_NAME = 256

/**
 * A multipart body as JSON: `{ fields: { name: value | values }, files: [{ field, name, type, size, base64 }] }`. Null
 * where it cannot be read, has more than 200 parts, or a name of more than 256 characters.
 */
export function multipartAsJson(contentType: string, body: Uint8Array): Uint8Array | null {
  const parts = readMultipart(contentType, body)
  if (parts === null || parts.length > MOST_PARTS) return null
  const names = parts.flatMap(({ name, fileName = '' }) => [name, fileName])
  if (names.some((name) => name.length > LONGEST_NAME)) return null
  const fields = parts
    .filter(({ fileName }) => fileName === undefined)
    .map(({ name, content }): [string, string] => [name, bytesOf(content).toString('utf8')])
  const files = parts.flatMap(({ name: field, fileName: name, contentType: type, content }) =>
    // What the sender calls the file is text among others: nothing is ever written under it.
    name === undefined
      ? []
      : [{ field, name, type, size: content.length, base64: bytesOf(content).toString('base64') }],
  )
  return new TextEncoder().encode(JSON.stringify({ fields: collectFields(fields), files }))
}

const bytesOf = (content: Uint8Array): Buffer =>
  Buffer.from(content.buffer, content.byteOffset, content.byteLength)
