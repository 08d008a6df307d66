/** Something did not answer in time. */
export class TooLate extends Error {
  override readonly name = 'TooLate'
}

/**
 * What the work comes to, or a rejection when it takes longer. The work itself goes on: only for what may as well
 * come late.
 */
export function within<Value>(limitMs: number, what: string, work: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new TooLate(`${what} did not answer within ${limitMs} ms.`))
    }, limitMs)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
