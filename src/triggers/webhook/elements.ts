import type { EventFacts, Reading } from './preset.ts'

/** An event's part of a body. */
type Part = NonNullable<EventFacts['part']>

interface Elements {
  /** The body as it was read: a list with all of its elements, each as it is or as its skeleton. */
  data: unknown
  /** More than the provider sends in one request. */
  most: number
  facts(element: unknown, bytes: Uint8Array): EventFacts
}

/**
 * Reads a JSON array that has been parsed before as one event for each of its elements, with the element's exact bytes
 * as its part. Anything else, an empty array, and one of more than `most` elements is one event that is kept in
 * quarantine.
 */
export function readElements(body: Uint8Array, { data, most, facts }: Elements): Reading {
  if (!Array.isArray(data) || data.length === 0) return unreadable
  const values: unknown[] = data
  const cut = cutElements(body, most)
  if (cut === null || cut.length !== values.length) return unreadable
  const events = cut.map((bytes, index) => ({
    ...facts(values[index], bytes),
    part: { contentType: 'application/json', body: bytes },
  }))
  return { outcome: 'events', events }
}

/** JSON as an event's part of a body. */
export const jsonPart = (text: string): Part => ({
  contentType: 'application/json',
  body: new TextEncoder().encode(text),
})

const unreadable: Reading = {
  outcome: 'events',
  events: [{ type: 'unknown', unreadable: true }],
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const SPACE = 0x20
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** Cuts an array of valid JSON at its commas; null where there are more elements. Parsing would change large numbers. */
function cutElements(body: Uint8Array, most: number): Uint8Array[] | null {
  const elements: Uint8Array[] = []
  let start = body.indexOf(OPEN_ARRAY) + 1
  let depth = 1
  for (let at = start; at < body.length && depth > 0; at += 1) {
    const code = body[at]
    if (code === QUOTE) at = endOfString(body, at)
    else if (code === OPEN_ARRAY || code === OPEN_OBJECT) depth += 1
    else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) depth -= 1
    if (depth === 0 || (depth === 1 && code === COMMA)) {
      if (elements.length === most) return null
      elements.push(trimmed(body.subarray(start, at)))
      start = at + 1
    }
  }
  return elements
}

function endOfString(body: Uint8Array, start: number): number {
  let at = start + 1
  while (at < body.length && body[at] !== QUOTE) at += body[at] === BACKSLASH ? 2 : 1
  return at
}

// White space of JSON is a space or below.
function trimmed(element: Uint8Array): Uint8Array {
  let start = 0
  let end = element.length
  while (start < end && (element[start] ?? 0) <= SPACE) start += 1
  while (end > start && (element[end - 1] ?? 0) <= SPACE) end -= 1
  return element.subarray(start, end)
}
