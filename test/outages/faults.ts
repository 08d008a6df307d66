import { setTimeout as sleep } from 'node:timers/promises'
import type { KeptProcess } from './kept-process.ts'

/** What is done to a machine under load, all of it drawn from one seed. */
export interface Faults {
  seed: number
  seconds: number
  /** How often a process is killed, each of them in its turn. */
  kills: number
  /** How often Postgres is stopped and started again. */
  stops: number
}

/** What faults are done to. */
interface Victims {
  processes: readonly KeptProcess[]
  postgres: { stopImmediately(): Promise<void>; start(): Promise<void> }
}

// What was done first must have something to disturb, and what was done last something to catch up with.
const MARGIN_SECONDS = 1
const LONGEST_STOP_MS = 2_000

/** Does everything at its moment. */
export async function disturb(
  { seed, seconds, kills, stops }: Faults,
  { processes, postgres }: Victims,
): Promise<void> {
  const random = createRandom(seed)
  const moments = (count: number): number[] =>
    Array.from({ length: count }, () => MARGIN_SECONDS + random() * (seconds - 2 * MARGIN_SECONDS))
  const order = shuffled(processes, random)
  const begin = performance.now()
  const until = (moment: number): Promise<void> =>
    sleep(Math.max(0, begin + moment * 1_000 - performance.now()))

  const killing = async (): Promise<void> => {
    for (const [index, moment] of moments(kills).toSorted(ascending).entries()) {
      await until(moment)
      await order[index % order.length]?.kill()
    }
  }
  const stopping = async (): Promise<void> => {
    for (const moment of moments(stops).toSorted(ascending)) {
      await until(moment)
      await postgres.stopImmediately()
      await sleep(random() * LONGEST_STOP_MS)
      await postgres.start()
    }
  }
  await Promise.all([killing(), stopping()])
}

const ascending = (left: number, right: number): number => left - right

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  return items
    .map((item) => ({ item, place: random() }))
    .toSorted((left, right) => left.place - right.place)
    .map(({ item }) => item)
}

/** Numbers from 0 to 1 that are the same for the same seed: mulberry32. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
