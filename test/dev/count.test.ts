import { expect, test } from 'vitest'
import { closingLine, countChecks, countCommand, countTests } from '../../dev/count.ts'

const passedFile = { status: 'passed', assertionResults: [{ status: 'passed' }] }
const failedFile = { status: 'failed', assertionResults: [{ status: 'failed' }] }
const brokenFile = { status: 'failed', assertionResults: [] }

test.each([
  { name: 'all passed', files: [passedFile], exitCode: 0, counted: { passed: 1, failed: 0 } },
  { name: 'one failed', files: [failedFile], exitCode: 1, counted: { passed: 0, failed: 1 } },
  {
    name: 'a file could not be loaded',
    files: [passedFile, failedFile, brokenFile],
    exitCode: 1,
    counted: { passed: 1, failed: 2 },
  },
  {
    name: 'all passed but the run failed',
    files: [passedFile],
    exitCode: 1,
    counted: { passed: 1, failed: 1 },
  },
])('tests are counted when $name', ({ files, exitCode, counted }) => {
  const report = {
    numPassedTests: files.filter((file) => file === passedFile).length,
    numFailedTests: files.filter((file) => file === failedFile).length,
    testResults: files,
  }

  expect(countTests(report, exitCode)).toEqual(counted)
})

test('a missing report is one failure', () => {
  expect(countTests(null, 0)).toEqual({ passed: 0, failed: 1 })
  expect(countChecks(null, 0)).toEqual({ passed: 0, failed: 1 })
})

test('the closing line is the sum', () => {
  const counts = [countCommand(0), countCommand(2), countChecks({ passed: 13, failed: 0 }, 0)]

  expect(closingLine(counts)).toBe('14 passed, 1 failed')
})
