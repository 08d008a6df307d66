import { z } from 'zod'
import { readConfig } from '../../src/config.ts'
import { runRoles } from '../../src/run-roles.ts'
import { sourceSecrets } from '../../src/source-secrets.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { github } from '../../src/triggers/sources/github.ts'
import { answerParent, cpuUs } from '../harness/parent.ts'
import { sixteenTriggers } from '../harness/triggers.ts'

// Onset's role `serve` as production composes it, with one source and sixteen triggers.
const sources = [github]
const config = readConfig(process.env, { roles: ['serve'], secrets: sourceSecrets(sources) })
const stop = Promise.withResolvers<void>()
const ready = Promise.withResolvers<void>()
const running = runRoles({
  roles: ['serve'],
  config,
  env: process.env,
  sources,
  catalogue: sixteenTriggers,
  log: createLog(config.LOG_LEVEL),
  stop: stop.promise,
  onReady: () => ready.resolve(),
})
running.catch(ready.reject)

const Question = z.enum(['ready', 'cpu'])
answerParent({
  async answer(question) {
    const { ask } = z.object({ ask: Question }).parse(question)
    await ready.promise
    return ask === 'cpu' ? cpuUs() : null
  },
  async close() {
    stop.resolve()
    await running
  },
})
