import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { createCallModel } from '../../src/activities/call-model.ts'
import { createActivities } from '../../src/activities/index.ts'
import { readConfig } from '../../src/config.ts'
import { type House, openHouse } from '../../src/house.ts'
import { readPrompts } from '../../src/models/prompts.ts'
import type { ChatProvider } from '../../src/providers/chat.ts'
import { serve } from '../../src/serve.ts'
import { sourceSecrets } from '../../src/source-secrets.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { installRuntime } from '../../src/telemetry/runtime.ts'
import { createReportSinks } from '../../src/temporal/sinks.ts'
import { interceptorsPath, startWorkers } from '../../src/temporal/worker.ts'
import type { Trigger } from '../../src/triggers/define.ts'
import { newIssues } from '../../src/triggers/catalogue/new-issues.ts'
import { github } from '../../src/triggers/sources/github.ts'
import { createWitness } from '../harness/first-call.ts'
import { answerParent, cpuUs } from '../harness/parent.ts'
import { question, quickModel } from '../harness/question.ts'

// Onset as `npm start` composes it, with one source, one trigger, and a model that takes 20 ms. With ROLES=work the
// worker alone.
const sources = [github]
// As many as the bare worker, which has no limit of its own that matters here.
const MODEL_CALLS = 100
const roles = process.env['ROLES'] === 'work' ? (['work'] as const) : (['serve', 'work'] as const)
const config = readConfig(process.env, { roles, secrets: sourceSecrets(sources) })
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
    env: process.env,
    sources,
    catalogue: { calls },
    eager: serves,
    log,
  })
  const workers = await openWorkers(house)
  const server = serves ? await serve(house, { config, sources, log }) : undefined
  return {
    async close() {
      await server?.close()
      await workers.stop()
      await house.close()
    },
  }
}

/** As the role `work` does, but with another model and other workflows. */
async function openWorkers({ pool, runLog, temporal, setUp }: House) {
  const prompts = readPrompts(fileURLToPath(new URL('../../prompts', import.meta.url)))
  const { connection } = await temporal.connected()
  await setUp
  const witness = createWitness()
  const provider = watched(quickModel(), witness.modelIsAsked)
  const choice = { provider, model: 'scripted' }
  const callModel = createCallModel({
    pool,
    prompts,
    tiers: { fast: choice, strong: choice },
    append: runLog.append,
    log,
  })
  return startWorkers({
    connection,
    namespace: temporal.namespace,
    activities: {
      ...createActivities({ pool, log }),
      callModel(call) {
        witness.activityBegins()
        return callModel(call)
      },
    },
    reports: createReportSinks(runLog, log),
    modelCalls: MODEL_CALLS,
    graceMs: 1_000,
    workflows: {
      workflowsPath: fileURLToPath(new URL('./onset-workflows.ts', import.meta.url)),
      interceptors: { workflowModules: [interceptorsPath()] },
    },
  })
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
