import { describeMachine } from './harness/machine.ts'
import { readOptions } from './harness/options.ts'
import { printReports } from './harness/report.ts'
import { startServers } from './harness/servers.ts'
import { measureGuards } from './measures/guarding.ts'

// What budgets and rates add to a model call: about 1 minute.
const options = readOptions({ seconds: 6, rounds: 3 })

const servers = await startServers()
try {
  const machine = describeMachine(servers.versions)
  printReports([await measureGuards({ servers, machine, options })], options)
} finally {
  await servers.stop()
}
