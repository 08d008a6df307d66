import { inspect } from 'node:util'
import { z } from 'zod'
import { readConfig } from '../../src/config.ts'
import { openHouse } from '../../src/house.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { installRuntime } from '../../src/telemetry/runtime.ts'
import { work } from '../../src/work.ts'

// A worker as a process of its own, with the workflows of the tests; killed by whoever started it.
const { WORKFLOW_BUNDLE: codePath } = z.object({ WORKFLOW_BUNDLE: z.string() }).parse(process.env)
const { env } = process
const config = readConfig(env, { roles: ['work'], secrets: [] })
const log = createLog(config.LOG_LEVEL)
installRuntime({ log, metricsAddress: undefined })

try {
  const house = await openHouse({ config, env, sources: [], catalogue: {}, eager: false, log })
  await work(house, { config, env, log, workflows: { workflowBundle: { codePath } } })
} catch (error) {
  process.stderr.write(`${inspect(error)}\n`)
  process.exit(1)
}
