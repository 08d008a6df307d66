import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { readConfig } from '../../src/config.ts'
import { openHouse } from '../../src/house.ts'
import { serve } from '../../src/serve.ts'
import { sourceSecrets } from '../../src/source-secrets.ts'
import { installRuntime } from '../../src/telemetry/runtime.ts'
import { createLoopWatch } from './loop-watch.ts'
import { sources } from './sources.ts'

// A server with the sources of these tests, in a process of its own: it can be measured, and seen to crash. It is
// asked things by its parent, and ends with it.
const log = pino({ level: 'error' }, process.stderr)
installRuntime({ log, metricsAddress: undefined })
const config = readConfig(process.env, { roles: ['serve'], secrets: sourceSecrets(sources) })
const house = await openHouse({
  config,
  env: process.env,
  sources,
  catalogue: {},
  eager: false,
  log,
})
await house.setUp
const server = await serve(house, { config, sources, log })
const watch = createLoopWatch()
process.once('disconnect', () => process.exit(0))
process.on('message', (question: unknown) => {
  if (question === 'longestHoldMs') process.send?.(watch.longestHoldMs())
  if (question === 'memory') void settledMemory().then((memory) => process.send?.(memory))
})
// While somebody asks for it, as what was garbage already would count.
process.on('message', (question: unknown) => {
  if (question === 'peakMemory') process.send?.(watch.peakBytes())
})
process.send?.(server.url)

/** What is still held once everything that nobody holds is gone. */
async function settledMemory(): Promise<number> {
  const collect = globalThis.gc
  if (collect === undefined) throw new Error('Expected --expose-gc.')
  await collect({ execution: 'async' })
  // What only finalizers let go of is gone with the second round.
  await sleep(50)
  await collect({ execution: 'async' })
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
