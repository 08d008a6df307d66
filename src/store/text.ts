import { createHash } from 'node:crypto'

/** Text as Postgres can keep it: without NUL, and with lone surrogates replaced by U+FFFD. */
export const storableText = (text: string): string => text.replaceAll('\0', '').toWellFormed()

// An index takes rows of about 2,700 bytes; a character has up to four.
const LONGEST = 500

/** Text as an index can hold it: what is longer than 500 characters is cut, and told apart by its digest. */
export function indexableText(text: string): string {
  const storable = storableText(text)
  if (storable.length <= LONGEST) return storable
  const digest = createHash('sha256').update(storable).digest('hex')
  return storableText(`${storable.slice(0, LONGEST - digest.length - 1)}…${digest}`)
}
