import { Runtime } from '@temporalio/worker'
import { describeMachine } from './harness/machine.ts'
import { readOptions } from './harness/options.ts'
import { measureCalls } from './measures/calls.ts'
import { measureRuns } from './measures/pipelines.ts'
import { printReports, type Report } from './harness/report.ts'
import { openBenchTemporal } from './harness/runners.ts'
import { startServers } from './harness/servers.ts'

// N4 and N5: what Onset adds to a bare Temporal client and worker, in time and in CPU.
const options = readOptions({ seconds: 6, rounds: 3, switches: ['only-n4', 'only-n5'] })

Runtime.install({
  shutdownSignals: [],
  telemetryOptions: { logging: { forward: {}, filter: 'ERROR' } },
})
const servers = await startServers()
const temporal = await openBenchTemporal(servers.temporalAddress)
const machine = describeMachine(servers.versions)
try {
  const reports: Report[] = []
  const bench = { servers, temporal, machine, options }
  if (!options.switches.has('only-n5')) reports.push(await measureRuns(bench))
  if (!options.switches.has('only-n4')) reports.push(await measureCalls(bench))
  printReports(reports, options)
} finally {
  await temporal.close()
  await servers.stop()
}
