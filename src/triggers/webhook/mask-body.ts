import type { Preset } from './preset.ts'

const MASK = '[masked]'

/**
 * Hides in the bodies of events what would let their reader act in the sender's name, such as Slack's `response_url`:
 * in JSON, in forms, in JSON within forms, and in multipart. The text around it stays as it came.
 */
export function createMaskBody(
  endpoints: readonly { source: string; preset: Preset }[],
): (source: string, body: string) => string {
  const membersOf = new Map(
    endpoints.map(({ source, preset }) => [source, preset.maskedMembers ?? []]),
  )
  return (source, body) => (membersOf.get(source) ?? []).reduce(withoutMember, body)
}

// Each way to write a member, one after the other. Bodies are large and written by strangers: each is one walk through
// the text, and what has no end is hidden up to the end of the text.
const withoutMember = (body: string, member: string): string =>
  WRITINGS.reduce((text, { mark, begin, end }) => {
    const found: string[] = []
    let from = 0
    let at = text.indexOf(mark(member))
    for (; at !== -1; at = text.indexOf(mark(member), at + 1)) {
      const start = begin(text, at + mark(member).length, at)
      if (start === -1) continue
      found.push(text.slice(from, start), MASK)
      from = end(text, start)
      at = from - 1
    }
    return found.length === 0 ? text : found.join('') + text.slice(from)
  }, body)

/** One way to write a member and its value. */
interface Writing {
  mark(member: string): string
  /** Where the value begins behind the mark; -1 where this is another member, or none. */
  begin(text: string, behind: number, at: number): number
  end(text: string, start: number): number
}

const JSON_TEXT = {
  quote: '"',
  isEscape: (text: string, at: number) => text.startsWith('\\', at),
  width: 1,
}
const JSON_IN_FORM = {
  quote: '%22',
  isEscape: (text: string, at: number) => text.startsWith('%5C', at) || text.startsWith('%5c', at),
  width: 3,
}

const WRITINGS: Writing[] = [
  {
    mark: (member) => `"${member}"`,
    begin: (text, behind) => behindMatch(/\s*:\s*"/y, text, behind),
    end: (text, start) => endOfString(text, start, JSON_TEXT),
  },
  {
    mark: (member) => `%22${member}%22`,
    begin: (text, behind) => behindMatch(/(?:%20|\+)*%3A(?:%20|\+)*%22/iy, text, behind),
    end: (text, start) => endOfString(text, start, JSON_IN_FORM),
  },
  {
    mark: (member) => `${member}=`,
    begin: (text, behind, at) => (at === 0 || text.charAt(at - 1) === '&' ? behind : -1),
    end: (text, start) => placeOf('&', text, start),
  },
  {
    mark: (member) => `name="${member}"`,
    begin: (text, behind) => (text.startsWith('\r\n', behind) ? endOfHead(text, behind) : -1),
    end: (text, start) => placeOf('\r\n--', text, start),
  },
]

const placeOf = (mark: string, text: string, from: number): number => {
  const at = text.indexOf(mark, from)
  return at === -1 ? text.length : at
}

const endOfHead = (text: string, from: number): number =>
  Math.min(placeOf('\r\n\r\n', text, from) + 4, text.length)

function behindMatch(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : -1
}

// At the first quote with an even number of escapes in front.
function endOfString(
  text: string,
  start: number,
  { quote, isEscape, width }: { quote: string; isEscape: IsAt; width: number },
): number {
  for (let at = placeOf(quote, text, start); ; at = placeOf(quote, text, at + quote.length)) {
    let before = at
    while (before - width >= start && isEscape(text, before - width)) before -= width
    const escapes = (at - before) / width
    if (at === text.length || escapes % 2 === 0) return at
  }
}

type IsAt = (text: string, at: number) => boolean
