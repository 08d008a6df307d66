import { type Arbitrary, boolean, constantFrom, oneof, record, tuple } from 'fast-check'
import type { Shape } from './requests.ts'
import * as words from './spoilt-words.ts'
import type { Spoiling } from './spoilings.ts'

type Header = Shape['headers'][number]

/** What may be done to line, headers and framing of a request. `place` says where, from 0 to 1. */
export const spoiltHead = (place: Arbitrary<number>): Arbitrary<Spoiling> =>
  oneof(
    place.map((at) => changeOne('twice', { at, change: (header) => [header, header] })),
    place.map((at) => changeOne('away', { at, change: () => [] })),
    place.map((at) =>
      changeOne('in capitals', {
        at,
        change: ({ name, value }) => [{ name: name.toUpperCase(), value }],
      }),
    ),
    tuple(place, constantFrom(...words.beforeColon), constantFrom(...words.afterValue)).map(
      ([at, before, after]) =>
        changeOne(`with ${JSON.stringify([before, after])} behind name and value`, {
          at,
          change: ({ name, value }) => [{ name: `${name}${before}`, value: `${value}${after}` }],
        }),
    ),
    tuple(constantFrom(...words.names), constantFrom(...words.values)).map(([name, value]) =>
      add({ name, value }),
    ),
    constantFrom(...words.contentTypes).map((value) => replace({ name: 'content-type', value })),
    constantFrom(...words.codings).map((value) => replace({ name: 'content-encoding', value })),
    constantFrom(...words.hosts).map((value) => replace({ name: 'host', value })),
    constantFrom(...words.lengths).map(setLengths),
    constantFrom(...words.lines).map(setLine),
    {
      weight: 4,
      arbitrary: record({
        codings: constantFrom(...words.transferCodings),
        text: constantFrom(...words.chunks),
        keepsLength: boolean(),
      }).map(setChunks),
    },
  )

function changeOne(
  about: string,
  { at, change }: { at: number; change(header: Header): Header[] },
): Spoiling {
  return {
    about: `a header ${about}, at ${at}`,
    reshape: (shape) => ({
      ...shape,
      headers: shape.headers.flatMap((header, index) =>
        index === Math.floor(at * shape.headers.length) ? change(header) : [header],
      ),
    }),
  }
}

const add = (header: Header): Spoiling => ({
  about: `one more header: ${shown(header)}`,
  reshape: (shape) => ({ ...shape, headers: [...shape.headers, header] }),
})

const replace = (header: Header): Spoiling => ({
  about: `another header: ${shown(header)}`,
  reshape: (shape) => ({ ...shape, headers: [...without(header.name, shape), header] }),
})

const setLengths = (values: string[]): Spoiling => ({
  about: `lengths: ${JSON.stringify(values)}`,
  reshape(shape) {
    const { length } = shape.body
    const lengths = values.map((value) => ({
      name: 'content-length',
      value: value
        .replaceAll(words.LENGTH, String(length))
        .replaceAll(words.MORE, String(length + 1))
        .replaceAll(words.LESS, String(length - 1)),
    }))
    return { ...shape, headers: [...without('content-length', shape), ...lengths] }
  },
})

const setLine = (line: string): Spoiling => ({
  about: `the line ${JSON.stringify(line.slice(0, 100))}`,
  reshape: (shape) => ({
    ...shape,
    line: line.replaceAll(words.PATH, shape.line.split(' ')[1] ?? ''),
  }),
})

interface Chunks {
  codings: string[]
  text: string
  keepsLength: boolean
}

const setChunks = ({ codings, text, keepsLength }: Chunks): Spoiling => ({
  about: `chunks: ${JSON.stringify({ codings, text: text.slice(0, 100), keepsLength })}`,
  reshape(shape) {
    const { line, headers, body } = shape
    const [before = '', ...after] = text
      .replaceAll(words.LENGTH, body.length.toString(16))
      .split(words.BODY)
    const pieces = [Buffer.from(before), ...after.flatMap((piece) => [body, Buffer.from(piece)])]
    const kept = keepsLength ? headers : without('content-length', shape)
    return {
      line,
      headers: [...kept, ...codings.map((value) => ({ name: 'transfer-encoding', value }))],
      body: Buffer.concat(pieces),
    }
  },
})

const without = (name: string, { headers }: Shape): Header[] =>
  headers.filter((header) => header.name !== name)

const shown = ({ name, value }: Header): string => JSON.stringify(`${name}: ${value.slice(0, 60)}`)
