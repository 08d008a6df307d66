import pino from 'pino'
import type { Pool } from 'pg'
import { type Answer, type AnswerDependencies, createAnswer } from '../../src/activities/answer.ts'
import type { ModelCall } from '../../src/contracts/model-call.ts'
import type { NewRunEvent } from '../../src/contracts/run.ts'
import { createAdmission } from '../../src/models/admission.ts'
import { createBreakers } from '../../src/models/breakers.ts'
import { createBudgets } from '../../src/models/budget-queue.ts'
import { type ModelConfig, readModelConfig } from '../../src/models/model-config.ts'
import { createRateWatch } from '../../src/models/observed-limits.ts'
import { createPrices } from '../../src/models/prices.ts'
import { UnusablePrompt } from '../../src/models/prompt-resolution.ts'
import { readPrompts } from '../../src/models/prompts.ts'
import type { ChatProvider } from '../../src/providers/chat.ts'
import { profiles } from '../../src/providers/profiles.ts'
import type { TracedEnd } from '../../src/telemetry/model-telemetry.ts'
import { type ScriptedAnswer, scripted } from '../../src/providers/scripted.ts'

/** The prompts of this repository, by their files. */
export const prompts = readPrompts('prompts')

/** A good answer to `triage-issue`. */
export const good = { severity: 'low', labels: [], summary: 'Fine.' }

/** One model for every tier, of a provider without limits. */
export const CONFIG = `
providers:
  counted: { profile: custom, baseUrl: 'http://127.0.0.1:1/v1', price: { provider: openai } }
tiers:
  fast: [counted/gpt-5-mini]
  strong: [counted/gpt-5-mini]
`

interface OpenedAnswer {
  answer: Answer
  events: NewRunEvent[]
  /** The providers whose runs go on. */
  resumed: string[]
  /** What telemetry heard of the ends of calls. */
  traced: TracedEnd[]
  dependencies: AnswerDependencies
}

/** Everything that a model call stands on, in a process of its own; only the model is the test's. */
export function openAnswer(
  pool: Pool,
  { model, config = CONFIG }: { model: ChatProvider; config?: string },
): OpenedAnswer {
  const log = pino({ level: 'silent' })
  const models = configOf(config)
  const events: NewRunEvent[] = []
  const resumed: string[] = []
  const traced: TracedEnd[] = []
  const dependencies: AnswerDependencies = {
    pool,
    prompts: {
      async resolve(name) {
        const prompt = prompts.get(name)
        if (prompt === undefined) throw new UnusablePrompt(`There is no prompt ${name}.`)
        return prompt
      },
    },
    config: models,
    providerOf: () => model,
    prices: createPrices({ pool }),
    budgets: createBudgets(pool),
    admission: createAdmission(pool),
    breakers: createBreakers({ pool, log }),
    rateWatch: createRateWatch(pool, log),
    resume: async (provider) => void resumed.push(provider),
    telemetry: {
      call: () => ({ firstChunk: () => undefined, end: (end) => void traced.push(end) }),
    },
    append: async (added) => void events.push(...added),
    log,
  }
  return { answer: createAnswer(dependencies), events, resumed, traced, dependencies }
}

/** A model that gives these answers in turn, the last one for ever, and counts how often it was asked. */
export function counted(...answers: ScriptedAnswer[]): ChatProvider & { times(): number } {
  const model = scripted({ msPerWord: 0, answers: { 'triage-issue': answers } })
  let times = 0
  return {
    name: 'counted',
    times: () => times,
    chat(request, watch) {
      times += 1
      return model.chat(request, watch)
    },
  }
}

let runs = 0

/** A call of a new run. */
export function newCall(): ModelCall {
  runs += 1
  return {
    tenant: 'default',
    runId: `run:${runs}`,
    step: 'triage',
    ask: 1,
    workflow: 'triageIssue',
    trigger: 'newIssues',
    runStartedAt: new Date().toISOString(),
    prompt: 'triage-issue',
    variables: { repository: 'acme/widgets', number: 7, title: 'The shop is down', body: '' },
  }
}

/** The attempt of this number to make a call. */
export const attemptOf = (
  call: ModelCall,
  { number = 1, signal = new AbortController().signal } = {},
) => ({ activity: `${call.runId}/execution/${call.step}-${call.ask}`, number, signal })

function configOf(text: string): ModelConfig {
  const reading = readModelConfig(text, { env: {}, profiles, keysNeeded: false })
  if (reading.outcome === 'faulty') throw new Error(reading.faults.join('\n'))
  return reading.config
}
