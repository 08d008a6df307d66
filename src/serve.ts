import type { Logger } from 'pino'
import { createApi } from './api/app.ts'
import { BODY_LIMIT } from './api/gate.ts'
import { problem } from './api/problems.ts'
import { createTokens } from './api/tokens.ts'
import type { Config } from './config.ts'
import { DEFAULT_TENANT } from './contracts/names.ts'
import type { House } from './house.ts'
import { type HttpServer, listen } from './http.ts'
import { createAccept } from './inbox/accept.ts'
import { createBacklog } from './inbox/backlog.ts'
import { createListReject } from './inbox/rejects.ts'
import { createServeReadiness } from './readiness.ts'
import { loadModelConfig, type ModelSettings } from './models/model-setting.ts'
import { readPrompts } from './models/prompts.ts'
import { profiles } from './providers/profiles.ts'
import { shortSecrets } from './source-secrets.ts'
import { needsTls } from './tls-advice.ts'
import { createDecide } from './runs/approvals.ts'
import { createCancelRun } from './runs/cancel.ts'
import { createDecideParked } from './runs/parked.ts'
import { writeStandIn } from './models/stand-in.ts'
import { promptsFolder } from './prompts-folder.ts'
import type { Source } from './triggers/define.ts'
import { readNetworks } from './triggers/webhook/addresses.ts'
import type { Endpoint } from './triggers/webhook/endpoint.ts'
import { createMaskEvent } from './triggers/webhook/mask-event.ts'
import { createReverify } from './triggers/webhook/reverify.ts'
import { createHooks } from './triggers/webhook/route.ts'

interface ServeOptions {
  config: Pick<
    Config,
    | 'HOST'
    | 'PORT'
    | 'API_TOKEN'
    | 'PUBLIC_URL'
    | 'TRUSTED_PROXIES'
    | 'INBOX_MAX_OPEN_EVENTS'
    | 'INBOX_MAX_AGE_SECONDS'
    | 'keys'
    | 'networks'
  > &
    ModelSettings
  sources: Source[]
  log: Logger
}

/** The role `serve`: takes events and answers callers. */
export async function serve(
  house: House,
  { config, sources, log }: ServeOptions,
): Promise<HttpServer> {
  const { pool, metrics, runLog, waker, dispatcher, startRun, rush } = house
  const accept = createAccept(pool, dispatcher.offer, rush)
  const prompts = readPrompts(promptsFolder)
  const backlog = createBacklog({
    pool,
    bounds: {
      maxOpenEvents: config.INBOX_MAX_OPEN_EVENTS,
      maxAgeSeconds: config.INBOX_MAX_AGE_SECONDS,
    },
    onLook: metrics.sheds,
    log,
  })
  const endpoints = sources.flatMap((source) => endpointOf(source, config))
  const api = createApi({
    pool,
    accept,
    runLog,
    decide: createDecide({ pool, wake: waker.wake }),
    prompts,
    decideParked: createDecideParked({
      pool,
      wake: waker.wake,
      standIn: writeStandIn,
      // Every version that a label may point to takes and answers the same as the build's.
      checkValue: async (prompt, value) => prompts.get(prompt)?.checkOutput(value) ?? null,
    }),
    startRun,
    cancelRun: createCancelRun({ pool, client: house.temporal.client, log }),
    // Who only shows the models needs no keys of theirs.
    models: loadModelConfig(config, { env: {}, profiles, keysNeeded: false }),
    tokens: createTokens([{ token: config.API_TOKEN, tenant: DEFAULT_TENANT }]),
    readiness: createServeReadiness(house, {
      backlog,
      maxOpenEvents: config.INBOX_MAX_OPEN_EVENTS,
    }),
    metrics: metrics.read,
    reverify: createReverify(endpoints),
    maskEvent: createMaskEvent(endpoints),
    largestEventBytes: Math.max(BODY_LIMIT, ...endpoints.map(({ limitBytes }) => limitBytes)),
    log,
  })
  const listReject = createListReject({ pool, log })
  const isProxy = readNetworks(config.TRUSTED_PROXIES ?? '')
  api.route(
    '/',
    createHooks({
      endpoints,
      accept,
      refuse: problem,
      onAnswer: metrics.hookAnswered,
      onReject(reject) {
        metrics.hookRejected(reject.source ?? '', reject.step)
        listReject(reject)
      },
      isProxy: typeof isProxy === 'string' ? () => false : isProxy,
      publicUrl: config.PUBLIC_URL,
      isShedding: backlog.isShedding,
    }),
  )
  if (needsTls(config)) {
    log.warn(
      { host: config.HOST },
      'webhooks are taken from other machines without TLS: put a proxy in front, and name it in TRUSTED_PROXIES',
    )
  }
  for (const short of shortSecrets(sources, config.keys)) {
    log.warn(short, 'a secret is shorter than 24 bytes: make a longer one')
  }
  try {
    const server = await listen(api, { host: config.HOST, port: config.PORT, setting: 'PORT' })
    return {
      url: server.url,
      async close() {
        await server.close()
        await backlog.stop()
      },
    }
  } catch (error) {
    await backlog.stop()
    throw error
  }
}

function endpointOf(
  { name, kind }: Source,
  { keys, networks }: Pick<Config, 'keys' | 'networks'>,
): Endpoint[] {
  if (kind.kind !== 'webhook') return []
  const { preset, limitBytes, addressesVariable, expiresAfterMinutes } = kind
  const allows = addressesVariable === undefined ? undefined : networks.get(addressesVariable)
  return [
    {
      source: name,
      preset,
      keys: keys.get(preset.secret.variable) ?? [],
      limitBytes,
      ...(expiresAfterMinutes === undefined ? {} : { expiresAfterMinutes }),
      ...(allows === undefined ? {} : { allows }),
    },
  ]
}
