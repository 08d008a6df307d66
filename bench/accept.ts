import { startChild } from './harness/child.ts'
import { leaveMeasuredCore } from './harness/cores.ts'
import { describeMachine } from './harness/machine.ts'
import { readOptions } from './harness/options.ts'
import { printReports, type Report } from './harness/report.ts'
import { startServers } from './harness/servers.ts'
import { createVariants } from './harness/variants.ts'
import { plainInsertMs } from './harness/yardstick.ts'
import { measureAccepting } from './measures/accepting.ts'
import { measureOutage } from './measures/outage.ts'

// N1 and N2: what it costs to make a signed webhook of 1 KB durable before it is answered.
const options = readOptions({ seconds: 2, rounds: 3, switches: ['profile', 'only-n1', 'only-n2'] })

leaveMeasuredCore()
const servers = await startServers()
const generator = startChild({ program: 'generator' })
try {
  const urls = {
    paused: await servers.createDatabase('paused'),
    dispatching: await servers.createDatabase('dispatching'),
  }
  const insertMs = (await plainInsertMs(urls.paused)).toFixed(2)
  const machine = {
    ...describeMachine(servers.versions),
    yardstick: `one plain row of 1 KB in Postgres: p50 ${insertMs} ms (0.20 where the bounds were set)`,
  }
  const profile = options.switches.has('profile')
  const variants = createVariants({ servers, generator, urls, profile })
  const bench = { servers, variants, machine, options }
  const reports: Report[] = []
  if (!options.switches.has('only-n2')) reports.push(await measureAccepting(bench))
  if (!options.switches.has('only-n1')) reports.push(await measureOutage(bench))
  printReports(reports, options)
} finally {
  await generator.stop()
  await servers.stop()
}
