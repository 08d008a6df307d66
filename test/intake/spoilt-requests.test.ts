import {
  type Arbitrary,
  array,
  assert,
  asyncProperty,
  constant,
  constantFrom,
  oneof,
  record,
} from 'fast-check'
import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { type Conversation, createTalks } from './conversations.ts'
import { hostileBodies } from './hostile-bodies.ts'
import { openIntake } from './open-intake.ts'
import { print, signedRequest } from './requests.ts'
import { signers } from './signers.ts'
import { drop, flip, place, type Spoiling, spoiling, spoilt } from './spoilings.ts'

// 100,000 requests in `npm run test:long`. A run that failed is repeated with `ONSET_SEED=<its seed>`.
const isLong = process.env['ONSET_LONG'] !== undefined
const requests = isLong ? 100_000 : 5_000
const AT_ONCE = 100
const seed = Number(process.env['ONSET_SEED'] ?? randomInt(2 ** 31))
process.stdout.write(`spoilt-requests: ONSET_SEED=${seed}\n`)

const intake = await openIntake()
const talk = createTalks(intake)
const sources = Object.keys(signers)

interface Hostile {
  source: string
  /** Which of the hostile bodies; its own where absent. */
  body: number | undefined
  spoilings: Spoiling[]
  partedAt: number
}

const hostile: Arbitrary<Hostile> = record({
  source: constantFrom(...sources),
  // Most have a body of the provider; a spoilt request is spoilt in its head more often.
  body: oneof(
    { weight: 4, arbitrary: constant(undefined) },
    { weight: 1, arbitrary: constantFrom(...hostileBodies.keys()) },
  ),
  spoilings: array(spoiling, { minLength: 1, maxLength: 3 }),
  partedAt: place,
})

test(`${requests} spoilt requests crash nothing, are answered in step or cut, and nothing of them is kept unsigned`, async () => {
  await assert(
    asyncProperty(
      array(hostile, { minLength: 1, maxLength: AT_ONCE, size: 'max' }),
      async (several) => {
        const faults = await talk(several.map(toConversation))

        expect(faults).toEqual([])
      },
    ),
    // What was wrong says how it came about: looking for less of it would take an hour.
    { seed, numRuns: (2 * requests) / AT_ONCE, endOnFailure: true },
  )
}, 3_600_000)

function toConversation({ source, body, spoilings, partedAt }: Hostile): Conversation {
  const { name, ...content } = hostileBodies[body ?? -1] ?? { name: 'its own body' }
  return {
    about: `${source} with ${name}: ${spoilings.map((each) => each.about).join('; ')}`,
    partedAt,
    hostile: (number) =>
      spoilt(signedRequest({ source, number, port: intake.port, ...content }), spoilings),
  }
}

const short = signedRequest({ source: 'github', number: 0, port: 1, body: Buffer.from('{}') })
const bytes = print(short).length + 20
const bits = isLong ? [0, 1, 2, 3, 4, 5, 6, 7] : [0]

// In the middle of the byte, so that no rounding reaches its neighbour.
const at = (index: number, { length }: Uint8Array): number => (index + 0.5) / length

test('every byte of a short request may be flipped or be missing', async () => {
  const making = { source: 'github', port: intake.port, body: Buffer.from('{"type":"short"}') }
  const places = Array.from({ length: bytes }, (_, index) => index)
  const ways = places.flatMap((index) => [
    (wire: Buffer) => drop(at(index, wire)),
    ...bits.map((bit) => (wire: Buffer) => flip(at(index, wire), (bit + index) % 8)),
  ])
  const faults: string[] = []

  for (let from = 0; from < ways.length; from += AT_ONCE) {
    const several = ways.slice(from, from + AT_ONCE).map((way, index) => ({
      about: `way ${from + index}`,
      partedAt: 0.5,
      hostile(number: number) {
        const shape = signedRequest({ ...making, number })
        return spoilt(shape, [way(print(shape))])
      },
    }))
    faults.push(...(await talk(several)))
  }

  expect(faults).toEqual([])
}, 600_000)
