import type { RawRequest } from './request.ts'

/** What of a request a signature may cover. */
export type Signable = Pick<RawRequest, 'method' | 'url' | 'headers' | 'body'>

/** The text that a scheme signs, compiled from its template. */
export interface SignedText {
  /** Headers that are part of it, lower case. */
  headers: readonly string[]
  /** Whether the time is part of it. */
  hasTime: boolean
  /** Whether the body is part of it. */
  hasBody: boolean
  /** Text and bytes in their order: bodies stay bytes. */
  of(request: Signable, time: string): (string | Uint8Array)[]
}

type Piece = (request: Signable, time: string) => string | Uint8Array

/**
 * Compiles a template such as `{time}.{body}`: `{body}`, `{time}`, `{method}`, `{url}` and `{header:<name>}` between
 * literal text. Throws where it names something unknown.
 */
export function signedText(template: string): SignedText {
  const split = template.split(/\{(body|time|method|url|header:[a-z0-9-]+)\}/)
  const places = split.filter((_, index) => index % 2 === 1)
  const pieces = split.flatMap((text, index): Piece[] => {
    if (index % 2 === 1) return [pieceAt(text)]
    if (/[{}]/.test(text)) {
      throw new Error(
        `Expected {body}, {time}, {method}, {url} or {header:<name>} in '${template}', received '${text}'.`,
      )
    }
    return text === '' ? [] : [() => text]
  })
  return {
    headers: places.filter((place) => place.startsWith(HEADER)).map(nameOf),
    hasTime: places.includes('time'),
    hasBody: places.includes('body'),
    // Text is put together: each call of a hash costs as much as a hundred bytes.
    of(request, time) {
      const parts: (string | Uint8Array)[] = []
      let text = ''
      for (const pieceOf of pieces) {
        const piece = pieceOf(request, time)
        if (typeof piece === 'string') {
          text += piece
          continue
        }
        if (text !== '') parts.push(text)
        text = ''
        parts.push(piece)
      }
      if (text !== '') parts.push(text)
      return parts
    },
  }
}

const HEADER = 'header:'
const nameOf = (place: string): string => place.slice(HEADER.length)

function pieceAt(place: string): Piece {
  if (place === 'body') return ({ body }) => body
  if (place === 'time') return (_, time) => time
  if (place === 'method') return ({ method }) => method
  if (place === 'url') return ({ url }) => url
  const name = nameOf(place)
  return ({ headers }) => headers[name] ?? ''
}
