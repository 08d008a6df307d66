import { describeMachine } from './harness/machine.ts'
import { readOptions } from './harness/options.ts'
import { printReports } from './harness/report.ts'
import { measureVerifying } from './measures/verifying.ts'

// What it costs to verify a signature, beside the one call of `node:crypto` that nobody gets around.
const options = readOptions({ seconds: 2, rounds: 3 })

printReports([await measureVerifying({ machine: describeMachine({}), options })], options)
