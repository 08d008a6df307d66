import { startChild } from './harness/child.ts'
import { stayOnCores } from './harness/cores.ts'
import { describeMachine } from './harness/machine.ts'
import { readOptions } from './harness/options.ts'
import { printReports } from './harness/report.ts'
import { startServers } from './harness/servers.ts'
import { measureFlood } from './measures/flood.ts'

// 100,000 signed events in one minute on two cores. `--seconds` makes the flood shorter at the same
// rate; `--all-start-runs` has each event start a run.
const options = readOptions({ seconds: 60, rounds: 1, switches: ['all-start-runs'] })

stayOnCores(2)
const servers = await startServers()
const generator = startChild({ program: 'generator' })
try {
  const machine = describeMachine(servers.versions)
  printReports([await measureFlood({ servers, generator, machine, options })], options)
} finally {
  await generator.stop()
  await servers.stop()
}
