import { startService } from '../../dev/service.ts'

// The parent in the test of what happens when it is killed: starts a service, says its pid and waits.
const { pid } = startService({ name: 'Sleeper', command: 'sleep', args: ['1000'] })
process.stdout.write(`${pid}\n`)
