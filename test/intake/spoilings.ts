import { type Arbitrary, constantFrom, nat, noBias, oneof, tuple } from 'fast-check'
import { print, type Shape } from './requests.ts'
import { spoiltHead } from './spoilt-heads.ts'

/** One thing that is done to a request: before it is written, or to the bytes that come of it. */
export interface Spoiling {
  /** What it is, for people. */
  about: string
  reshape?(shape: Shape): Shape
  rewrite?(bytes: Buffer): Buffer
}

/** A place in a request, from 0 to 1. Left to itself, fast-check prefers both ends. */
export const place: Arbitrary<number> = noBias(nat({ max: 999_999 })).map(
  (millionths) => millionths / 1_000_000,
)

/** Turns one bit. */
export const flip = (at: number, bit: number): Spoiling => ({
  about: `bit ${bit} flipped at ${at}`,
  rewrite(bytes) {
    const flipped = Buffer.from(bytes)
    const index = Math.floor(at * bytes.length)
    flipped[index] = (bytes[index] ?? 0) ^ (1 << bit)
    return flipped
  },
})

/** Leaves one byte out. */
export const drop = (at: number): Spoiling =>
  parted(`a byte away at ${at}`, { at, join: (before, after) => [before, after.subarray(1)] })

const twice = (at: number): Spoiling =>
  parted(`a byte twice at ${at}`, {
    at,
    join: (before, after) => [before, after.subarray(0, 1), after],
  })

const cut = (at: number): Spoiling => parted(`cut off at ${at}`, { at, join: (before) => [before] })

const insert = (at: number, text: string): Spoiling =>
  parted(`${JSON.stringify(text)} at ${at}`, {
    at,
    join: (before, after) => [before, Buffer.from(text, 'latin1'), after],
  })

function parted(
  about: string,
  { at, join }: { at: number; join(before: Buffer, after: Buffer): Uint8Array[] },
): Spoiling {
  return {
    about,
    rewrite(bytes) {
      const index = Math.floor(at * bytes.length)
      return Buffer.concat(join(bytes.subarray(0, index), bytes.subarray(index)))
    },
  }
}

const endLinesIn = (end: string): Spoiling => ({
  about: `lines that end in ${JSON.stringify(end)}`,
  rewrite(bytes) {
    const bodyAt = bytes.indexOf('\r\n\r\n') + 4
    const head = bytes.toString('latin1', 0, bodyAt).replaceAll('\r\n', end)
    return Buffer.concat([Buffer.from(head, 'latin1'), bytes.subarray(bodyAt)])
  },
})

const INSERTED = ['\0', '\r', '\n', '\r\n', '\r\n\r\n', ' ', ':', '\xff', '\x7f', '%00', '{"a":1}']
const ENDS = ['\n', '\r', '\r\r\n', '\n\r', '\x85']

/** Whatever may be done to a request. */
export const spoiling: Arbitrary<Spoiling> = oneof(
  { weight: 6, arbitrary: tuple(place, nat({ max: 7 })).map(([at, bit]) => flip(at, bit)) },
  { weight: 2, arbitrary: place.map(drop) },
  place.map(twice),
  place.map(cut),
  tuple(place, constantFrom(...INSERTED)).map(([at, text]) => insert(at, text)),
  constantFrom(...ENDS).map(endLinesIn),
  { weight: 12, arbitrary: spoiltHead(place) },
)

/** A request with what was done to it, as it goes over the wire. */
export function spoilt(shape: Shape, spoilings: readonly Spoiling[]): Buffer {
  const reshaped = spoilings.reduce((so, { reshape }) => reshape?.(so) ?? so, shape)
  return spoilings.reduce((so, { rewrite }) => rewrite?.(so) ?? so, print(reshaped))
}
