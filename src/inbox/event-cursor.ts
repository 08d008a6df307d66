import { z } from 'zod'

/** Where a page ended. */
export interface Cursor {
  /** As Postgres writes it, with microseconds. */
  at: string
  id: string
}

const Readable = z.object({
  at: z.string().regex(/^\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d(:\d\d)?$/),
  id: z.string().regex(/^[\w-]{1,100}$/),
})

/** A cursor as callers get it. */
export const cursorOf = (cursor: Cursor): string =>
  Buffer.from(JSON.stringify(cursor)).toString('base64url')

/** What a cursor says; null where it was made by nobody of us. */
export function readCursor(text: string): Cursor | null {
  try {
    const { success, data } = Readable.safeParse(
      JSON.parse(Buffer.from(text, 'base64url').toString('utf8')),
    )
    return success ? data : null
  } catch {
    return null
  }
}
