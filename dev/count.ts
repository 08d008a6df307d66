import { readFileSync } from 'node:fs'
import { z } from 'zod'

/** How many things held and how many did not. */
export interface Count {
  passed: number
  failed: number
}

const VitestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  testResults: z.array(
    z.object({
      status: z.string(),
      assertionResults: z.array(z.object({ status: z.string() })),
    }),
  ),
})

const CheckReport = z.object({ passed: z.number(), failed: z.number() })

/** Counts vitest's JSON report. A file that could not be loaded is one failure, of which vitest's own count knows nothing. */
export function countTests(report: unknown, exitCode: number): Count {
  const parsed = VitestReport.safeParse(report)
  if (!parsed.success) return { passed: 0, failed: 1 }
  const { numPassedTests, numFailedTests, testResults } = parsed.data
  const broken = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((result) => result.status === 'failed'),
  )
  return lastWord({ passed: numPassedTests, failed: numFailedTests + broken.length }, exitCode)
}

/** Counts the report of `npm run test:fresh`. */
export function countChecks(report: unknown, exitCode: number): Count {
  const parsed = CheckReport.safeParse(report)
  return parsed.success ? lastWord(parsed.data, exitCode) : { passed: 0, failed: 1 }
}

/** A command without a report counts as one. */
export function countCommand(exitCode: number): Count {
  return exitCode === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
}

/** The closing line. */
export function closingLine(counts: Count[]): string {
  const { passed, failed } = sum(counts)
  return `${passed} passed, ${failed} failed`
}

/** A loose rejection fails a run in which every test has passed. */
function lastWord({ passed, failed }: Count, exitCode: number): Count {
  return { passed, failed: failed === 0 && exitCode !== 0 ? 1 : failed }
}

function sum(counts: Count[]): Count {
  return {
    passed: counts.reduce((total, { passed }) => total + passed, 0),
    failed: counts.reduce((total, { failed }) => total + failed, 0),
  }
}

// node dev/count.ts <exit codes of check, test and test:fresh>
if (import.meta.main) {
  const [check = 1, test = 1, fresh = 1] = process.argv.slice(2).map(Number)
  const counts = [
    countCommand(check),
    countTests(readReport('.onset/test-report.json'), test),
    countChecks(readReport('.onset/fresh-report.json'), fresh),
  ]
  process.stdout.write(`${closingLine(counts)}\n`)
  process.exitCode = sum(counts).failed === 0 ? 0 : 1
}

function readReport(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return null
  }
}
