import type { Logger } from 'pino'
import { type Answer, createAnswer } from './activities/answer.ts'
import type { Config } from './config.ts'
import { messageOf } from './contracts/message-of.ts'
import type { House } from './house.ts'
import { createAdmission } from './models/admission.ts'
import { createBreakers } from './models/breakers.ts'
import { createBudgets } from './models/budget-queue.ts'
import { type Candidate, type ModelConfig, ownPricesOf } from './models/model-config.ts'
import { loadModelConfig } from './models/model-setting.ts'
import { createRateWatch } from './models/observed-limits.ts'
import { setOverride } from './models/price-overrides.ts'
import { createPrices } from './models/prices.ts'
import { createPrompts, type LabelledPrompts } from './models/prompt-resolution.ts'
import { candidatesFor, checkTiers } from './models/tiers.ts'
import type { ChatProvider } from './providers/chat.ts'
import { createOpenAi } from './providers/openai.ts'
import { profiles } from './providers/profiles.ts'
import { scripted } from './providers/scripted.ts'
import { createModelTelemetry } from './telemetry/model-telemetry.ts'
import { createSpans } from './telemetry/spans.ts'
import { promptsFolder } from './prompts-folder.ts'
import { welcomeBack } from './room.ts'

/** What answers the model calls of a process. */
export interface Answering {
  answer: Answer
  prompts: LabelledPrompts
  close(): Promise<void>
}

interface AnsweringOptions {
  config: Config
  /** Where the keys of providers stand. */
  env: NodeJS.ProcessEnv
  log: Logger
  /** Answers everything, whoever is configured to. */
  model?: ChatProvider | undefined
}

// Between two pieces of a stream: no provider is silent for longer while it writes.
const IDLE_TIMEOUT_MS = 30_000

/** Opens what model calls stand on. Throws where nobody is configured to answer one of the prompts. */
export async function openAnswering(
  { pool, runLog, waker, metrics }: House,
  { config, env, log, model }: AnsweringOptions,
): Promise<Answering> {
  const models = loadModelConfig(config, { env, profiles, keysNeeded: true })
  const prompts = createPrompts({ pool, folder: promptsFolder, log })
  try {
    checkTiers(models, prompts.build.values())
    for (const price of ownPricesOf(models)) {
      await setOverride(pool, { ...price, updatedBy: 'configuration' })
    }
  } catch (cause) {
    await prompts.close()
    throw new Error(messageOf(cause), { cause })
  }
  const candidates = [...prompts.build.values()].flatMap((prompt) => candidatesFor(models, prompt))
  const rateWatch = createRateWatch(pool, log)
  const spans = createSpans({
    endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
    headers: config.OTEL_EXPORTER_OTLP_HEADERS,
    serviceName: config.OTEL_SERVICE_NAME,
    log,
  })
  return {
    prompts,
    answer: createAnswer({
      pool,
      prompts,
      config: models,
      providerOf: model === undefined ? createProviders(models, config) : () => model,
      prices: createPrices({ pool, configured: pricedModels(models, candidates) }),
      budgets: createBudgets(pool),
      admission: createAdmission(pool),
      breakers: createBreakers({ pool, log }),
      rateWatch,
      resume: (provider) => welcomeBack({ pool, waker }, provider),
      telemetry: createModelTelemetry({
        metrics: metrics.models,
        spans,
        recordContent: config.LLM_RECORD_CONTENT,
      }),
      append: runLog.append,
      log,
    }),
    async close() {
      await Promise.all([rateWatch.settled(), prompts.close(), spans.close()])
    },
  }
}

// One client for each provider and process.
function createProviders(
  { standIn }: ModelConfig,
  { LLM_TIMEOUT_SECONDS }: Pick<Config, 'LLM_TIMEOUT_SECONDS'>,
): (candidate: Candidate) => ChatProvider {
  const open = new Map<string, ChatProvider>()
  return (candidate) => {
    const { id, baseUrl, secret, api, maxTokensField, supports } = candidate.provider
    const known = open.get(id)
    if (known !== undefined) return known
    const provider =
      standIn?.provider.id === id
        ? scripted()
        : createOpenAi({
            id,
            baseUrl,
            apiKey: secret,
            api,
            maxTokensField,
            supports,
            timeoutMs: LLM_TIMEOUT_SECONDS * 1_000,
            idleTimeoutMs: IDLE_TIMEOUT_MS,
          })
    open.set(id, provider)
    return provider
  }
}

const pricedModels = ({ tiers }: ModelConfig, more: Candidate[]) =>
  [...[...tiers.values()].flat(), ...more].map(({ provider: { priceProvider }, model }) => ({
    priceProvider,
    model,
  }))
