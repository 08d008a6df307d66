import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** What came of one check. */
export interface CheckOutcome {
  name: string
  passed: boolean
  seconds: number
}

/** A list of checks that is worked through, printed and written down. */
export interface Checks {
  /** Runs one, prints its outcome, and throws on when it failed. */
  check<Result>(name: string, work: () => Promise<Result>): Promise<Result>
  /** Writes `{ passed, failed, checks }` as JSON and returns it. */
  report(file: string): { passed: number; failed: number; checks: CheckOutcome[] }
}

/** Starts an empty list. */
export function createChecks(print: (line: string) => void): Checks {
  const checks: CheckOutcome[] = []

  return {
    async check(name, work) {
      const started = Date.now()
      let passed = false
      try {
        const result = await work()
        passed = true
        return result
      } finally {
        const seconds = (Date.now() - started) / 1000
        checks.push({ name, passed, seconds })
        print(`${passed ? '  ok    ' : '  FAILED'} ${name} (${seconds.toFixed(1)} s)`)
      }
    },
    report(file) {
      const passed = checks.filter((outcome) => outcome.passed).length
      const report = { passed, failed: checks.length - passed, checks }
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`)
      return report
    },
  }
}
