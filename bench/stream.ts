import { leaveMeasuredCore } from './harness/cores.ts'
import { describeMachine } from './harness/machine.ts'
import { readOptions } from './harness/options.ts'
import { printReports } from './harness/report.ts'
import { measureStreaming } from './measures/streaming.ts'

// What reading a model's stream costs beside the least that reads one: about 6 minutes.
const options = readOptions({ seconds: 6, rounds: 3 })

leaveMeasuredCore()
const machine = describeMachine({})
printReports([await measureStreaming({ machine, options })], options)
