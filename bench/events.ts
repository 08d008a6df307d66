import { createProgress } from '../dev/progress.ts'
import { describeMachine } from './harness/machine.ts'
import { readOptions } from './harness/options.ts'
import { startReceiver } from './harness/receivers.ts'
import { printReports } from './harness/report.ts'
import { leaveOpen, seedEvents } from './harness/seed-events.ts'
import { startServers } from './harness/servers.ts'
import { measureListing } from './measures/listing.ts'

// Listing and searching an inbox of 1,000,000 events. `--small` is a trial with 50,000.
const options = readOptions({ seconds: 1, rounds: 1, switches: ['small'] })
const count = options.switches.has('small') ? 50_000 : 1_000_000
// An hour at ten a second.
const LEFT_OPEN = 36_000

const servers = await startServers()
try {
  const databaseUrl = await servers.createDatabase('events')
  // The server migrates the database.
  const receiver = await startReceiver({ program: 'accept-onset', databaseUrl, everyCore: true })
  try {
    await createProgress()('Inbox', (say) => seedEvents(databaseUrl, { count, say }))
    const machine = describeMachine(servers.versions)
    const breakDown = (): Promise<void> => leaveOpen(databaseUrl, LEFT_OPEN)
    const report = await measureListing({ receiver, count, breakDown, machine, options })
    printReports([report], options)
  } finally {
    await receiver.stop()
  }
} finally {
  await servers.stop()
}
