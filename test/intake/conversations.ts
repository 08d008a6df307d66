import { exchange, type Exchanged, type WireAnswer } from './exchange.ts'
import { numberIn, print, signedRequest } from './requests.ts'
import type { Intake } from './open-intake.ts'
import { createAudit } from './kept.ts'

/** A connection with a request that is as it should be, one that may be anything, and another good one. */
export interface Conversation {
  /** Makes what stands in the middle, which carries this number. */
  hostile(number: number): Uint8Array
  /** What is wrong with it, for people. */
  about: string
  /** Where the bytes are parted into two writes, from 0 to 1. */
  partedAt: number
}

// What is spoilt never comes near it, say by one byte.
const GOOD = 'as-it-should-be'

/** Makes what holds conversations with a server, any number of them at once, and answers what it did wrong. */
export function createTalks(intake: Intake): (all: readonly Conversation[]) => Promise<string[]> {
  const { port, pool } = intake
  const audit = createAudit(pool)
  let last = 0

  return async (all) => {
    const talks = all.map(({ hostile, about, partedAt }) => {
      last += 3
      const numbers = { before: last - 2, hostile: last - 1, after: last }
      const parts = [good(numbers.before), hostile(numbers.hostile), good(numbers.after)]
      const wire = Buffer.concat(parts)
      const at = Math.floor(partedAt * wire.length)
      return { numbers, about, wire, writes: [wire.subarray(0, at), wire.subarray(at)] }
    })
    const exchanged = await Promise.all(
      talks.map(({ writes }) => exchange({ port, writes, answers: 3 })),
    )
    const { rows, unsigned } = await audit(talks.map(({ wire }) => wire.toString('latin1')))
    const goodById = new Map(rows.map(({ id, url }) => [id, numberIn(url, GOOD)]))
    const wrong = talks.flatMap((talk, index) => faultsOf(exchanged[index], { ...talk, goodById }))
    const answers = exchanged.flatMap((each) => each.answers)
    if (answers.filter(isPutOff).length > answers.length / 2) wrong.push('most were put off')
    const crashes = intake.faults() === '' ? [] : [intake.faults()]
    return [...crashes, ...unsigned.map((row) => `kept though unsigned: ${row}`), ...wrong]
  }

  function good(number: number): Buffer {
    return print(signedRequest({ source: 'reviews', number, mark: GOOD, port }))
  }
}

interface Talk {
  numbers: { before: number; hostile: number; after: number }
  about: string
  goodById: ReadonlyMap<string, number>
}

function faultsOf(
  { answers, rest, closed }: Exchanged = { answers: [], rest: '', closed: false },
  { numbers, about, goodById }: Talk,
): string[] {
  const told = answers.map((answer) => goodById.get(idIn(answer) ?? ''))
  const putOff = answers[0] !== undefined && isPutOff(answers[0])
  const closes = answers.findIndex(({ headers }) => headers['connection'] === 'close')
  const afterAt = told.indexOf(numbers.after)
  const others = told.filter((number) => number !== undefined && !Number.isNaN(number)).length
  const faults = {
    'neither answered nor closed': !closed,
    'what came is no answer': rest !== '',
    'an answer of 5xx': answers.some((answer) => answer.status >= 500 && !isPutOff(answer)),
    'the good request before was not answered first': told[0] !== numbers.before && !putOff,
    'the good request behind was not answered last': afterAt !== -1 && afterAt !== told.length - 1,
    'an answer to somebody else': others !== (putOff ? 0 : 1) + (afterAt === -1 ? 0 : 1),
    'an answer behind the last': closes !== -1 && closes !== answers.length - 1,
  }
  const story = JSON.stringify({ about, numbers, told, answers, rest })
  return Object.entries(faults).flatMap(([fault, is]) => (is ? [`${fault}: ${story}`] : []))
}

// Where Postgres has no time for it, as on a busy machine: it is not kept, and its sender is told.
const isPutOff = ({ status, headers }: WireAnswer): boolean =>
  status === 503 && headers['retry-after'] !== undefined

function idIn({ status, body }: WireAnswer): string | undefined {
  return status === 200 && body.startsWith('{') ? JSON.parse(body).id : undefined
}
