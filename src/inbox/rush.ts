/** How many senders wait for their answer in this process. */
export interface Rush {
  /** Counts a sender until its work is done, and answers what the work came to. */
  during<Result>(work: () => Promise<Result>): Promise<Result>
  /** Whether so many wait that dispatch stands back: an event in the inbox can wait, its sender gives up. */
  isOn(): boolean
}

// A process that keeps up has a handful: more are there for milliseconds only.
const MOST_IN_PEACE = 32

/** Makes a count that begins with nobody. */
export function createRush(): Rush {
  let waiting = 0
  return {
    async during(work) {
      waiting += 1
      try {
        return await work()
      } finally {
        waiting -= 1
      }
    },
    isOn: () => waiting > MOST_IN_PEACE,
  }
}
