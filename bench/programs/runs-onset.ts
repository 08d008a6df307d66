import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { readConfig } from '../../src/config.ts'
import { openHouse } from '../../src/house.ts'
import type { ChatProvider } from '../../src/providers/chat.ts'
import { serve } from '../../src/serve.ts'
import { sourceSecrets } from '../../src/source-secrets.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { installRuntime } from '../../src/telemetry/runtime.ts'
import { interceptorsPath } from '../../src/temporal/worker.ts'
import type { Trigger } from '../../src/triggers/define.ts'
import { newIssues } from '../../src/triggers/catalogue/new-issues.ts'
import { github } from '../../src/triggers/sources/github.ts'
import { work } from '../../src/work.ts'
import { createWitness } from '../harness/first-call.ts'
import { answerParent, cpuUs } from '../harness/parent.ts'
import { question, quickModel } from '../harness/question.ts'

// Onset as `npm start` composes it, with one source, one trigger, and a model that takes 20 ms. With ROLES=work the
// worker alone.
const sources = [github]
// As many as the bare worker, which has no limit of its own that matters here.
const MODEL_CALLS = 100
const roles = process.env['ROLES'] === 'work' ? (['work'] as const) : (['serve', 'work'] as const)
const env = { ...process.env, LLM_CONCURRENCY: String(MODEL_CALLS), SHUTDOWN_GRACE_SECONDS: '1' }
const config = readConfig(env, { roles, secrets: sourceSecrets(sources) })
const log = createLog(config.LOG_LEVEL)
installRuntime({ log, metricsAddress: undefined })

const calls: Trigger = {
  ...newIssues,
  read: (body, event) => ({ data: question, summary: newIssues.read(body, event).summary }),
  // Names of workflows that only benchmarks have are not among the types.
  workflow: z.custom<Trigger['workflow']>().parse('threeCalls'),
}

const opening = open()
answerParent({
  async answer(asked) {
    const { ask } = z.object({ ask: z.enum(['ready', 'cpu']) }).parse(asked)
    await opening
    return ask === 'cpu' ? cpuUs() : null
  },
  close: async () => (await opening).close(),
})

async function open(): Promise<{ close(): Promise<void> }> {
  const serves = roles[0] === 'serve'
  const house = await openHouse({
    config,
    env,
    sources,
    catalogue: { calls },
    eager: serves,
    log,
  })
  const witness = createWitness()
  const worker = await work(house, {
    config,
    env,
    log,
    model: watched(quickModel(), witness.modelIsAsked),
    onModelCall: witness.activityBegins,
    workflows: {
      workflowsPath: fileURLToPath(new URL('./onset-workflows.ts', import.meta.url)),
      interceptors: { workflowModules: [interceptorsPath()] },
    },
  })
  const server = serves ? await serve(house, { config, sources, log }) : undefined
  return {
    async close() {
      await server?.close()
      await worker.close()
      await house.close()
    },
  }
}

function watched(provider: ChatProvider, onAsked: () => void): ChatProvider {
  return {
    name: provider.name,
    chat(request, watch) {
      onAsked()
      return provider.chat(request, watch)
    },
  }
}
