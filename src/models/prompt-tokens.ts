import { countTokens as count } from 'gpt-tokenizer/encoding/o200k_base'

/** Counts tokens and cuts texts, with a bound on the work of all that it is asked for. */
export interface TokenCounter {
  /** Never too few for o200k_base, the encoding of current models; others are a few per cent off. */
  count(text: string): number
  /** The text where it has no more tokens, else its beginning or end, with a marker that says what is missing. */
  cut(text: string, bound: TokenBound): string
}

/** What a text is cut to. */
export interface TokenBound {
  tokens: number
  keep: 'first' | 'last'
}

// Words that are not told apart by spaces cost the square of their length to count.
const LONGEST_SLICE = 256
// Characters that one counter looks at: about 30 ms of English, 100 ms of the worst there is.
const MOST_CHARACTERS = 250_000
// Of what is left out, only as many characters are counted; the rest is taken to be like them.
const SAMPLE_CHARACTERS = 20_000
// `[… about 1234567 tokens left out]` with its line end.
const MARKER_TOKENS = 15

/** The fewest tokens that a text can be cut to: the marker and a few words. */
export const FEWEST_TOKENS = 20

/** Counts exactly up to 250,000 characters; from there on every byte is a token, which is never too few. */
export function createTokenCounter(): TokenCounter {
  let left = MOST_CHARACTERS
  return { count: (text) => sumOf(slicesOf(text)), cut }

  function cut(text: string, { tokens, keep }: TokenBound): string {
    // A token is a byte at least.
    if (Buffer.byteLength(text) <= tokens) return text
    const slices = keep === 'first' ? slicesOf(text) : slicesOf(text).toReversed()
    const room = tokens - MARKER_TOKENS
    let kept = 0
    let keptTokens = 0
    let all = 0
    for (const slice of slices) {
      all += countSlice(slice)
      if (all > tokens) break
      if (all > room) continue
      kept += 1
      keptTokens = all
    }
    if (all <= tokens) return text

    const [parted = '', ...rest] = slices.slice(kept)
    const part = cutSlice(parted, { tokens: room - keptTokens, keep })
    const partless = keep === 'first' ? parted.slice(part.length) : parted.slice(0, -part.length)
    const marker = `[… ${estimate([partless, ...rest])} tokens left out]`
    const pieces = [...slices.slice(0, kept), part]
    return keep === 'first'
      ? `${pieces.join('').trimEnd()}\n${marker}`
      : `${marker}\n${pieces.toReversed().join('').trimStart()}`
  }

  /** As much of a slice as fits, up to a space where it has one. */
  function cutSlice(slice: string, { tokens, keep }: TokenBound): string {
    const take = keep === 'first' ? takeFirst : takeLast
    let fits = 0
    let tooLong = slice.length
    while (tooLong - fits > 1) {
      const middle = Math.floor((fits + tooLong) / 2)
      if (countSlice(take(slice, middle)) <= tokens) fits = middle
      else tooLong = middle
    }
    const part = take(slice, fits)
    return (keep === 'first' ? /^.*\s/s : /\s.*$/s).exec(part)?.[0] ?? part
  }

  function estimate(slices: string[]): string {
    let counted = 0
    let tokens = 0
    for (const slice of slices) {
      if (counted >= SAMPLE_CHARACTERS) {
        const characters = slices.reduce((sum, { length }) => sum + length, 0)
        return `about ${Math.round((tokens * characters) / counted)}`
      }
      counted += slice.length
      tokens += countSlice(slice)
    }
    return String(tokens)
  }

  function sumOf(slices: string[]): number {
    return slices.reduce((sum, slice) => sum + countSlice(slice), 0)
  }

  function countSlice(slice: string): number {
    if (left < slice.length) return Buffer.byteLength(slice)
    left -= slice.length
    // What looks like a special token is text like any other.
    return count(slice, { disallowedSpecial: new Set() })
  }
}

/**
 * Slices of 256 characters at most. They end in front of a single space where there is one: there the encoding begins
 * a token of its own, so that the sum is exact. They never part a surrogate pair.
 */
function slicesOf(text: string): string[] {
  const slices: string[] = []
  let start = 0
  while (start < text.length) {
    const end = endOfSlice(text, start)
    slices.push(text.slice(start, end))
    start = end
  }
  return slices
}

function endOfSlice(text: string, start: number): number {
  const end = start + LONGEST_SLICE
  if (end >= text.length) return text.length
  for (let at = end; at > start + 1; at -= 1) {
    if (text[at] === ' ' && isVisible(text[at - 1]) && isVisible(text[at + 1])) return at
  }
  return start + takeFirst(text.slice(start, end), LONGEST_SLICE).length
}

const isVisible = (character: string | undefined): boolean =>
  character !== undefined && character.trim() !== ''

// Half of a surrogate pair is no text.
const takeFirst = (text: string, length: number): string =>
  text.slice(0, /[\uD800-\uDBFF]/.test(text[length - 1] ?? '') ? length - 1 : length)

const takeLast = (text: string, length: number): string => {
  const start = text.length - length
  return text.slice(/[\uDC00-\uDFFF]/.test(text[start] ?? '') ? start + 1 : start)
}
