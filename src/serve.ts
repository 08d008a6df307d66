import { createSecretKey } from 'node:crypto'
import type { Logger } from 'pino'
import { createApi } from './api/app.ts'
import { problem } from './api/problems.ts'
import { createTokens } from './api/tokens.ts'
import type { Config } from './config.ts'
import { DEFAULT_TENANT } from './contracts/names.ts'
import type { House } from './house.ts'
import { type HttpServer, listen } from './http.ts'
import { createAccept } from './inbox/accept.ts'
import { createServeReadiness } from './readiness.ts'
import { createDecide } from './runs/approvals.ts'
import type { Source } from './triggers/define.ts'
import type { Endpoint } from './triggers/webhook/receive.ts'
import { createHooks } from './triggers/webhook/route.ts'

interface ServeOptions {
  config: Pick<Config, 'HOST' | 'PORT' | 'API_TOKEN' | 'keys'>
  sources: Source[]
  log: Logger
}

/** The role `serve`: takes events and answers callers. */
export function serve(house: House, { config, sources, log }: ServeOptions): Promise<HttpServer> {
  const { pool, metrics, runLog, waker, dispatcher } = house
  const accept = createAccept(pool, dispatcher.offer)
  const api = createApi({
    pool,
    accept,
    runLog,
    decide: createDecide({ pool, wake: waker.wake }),
    tokens: createTokens([{ token: config.API_TOKEN, tenant: DEFAULT_TENANT }]),
    readiness: createServeReadiness(house),
    metrics: metrics.read,
    log,
  })
  api.route(
    '/',
    createHooks({
      endpoints: sources.flatMap((source) => endpointOf(source, config.keys)),
      accept,
      refuse: problem,
      onAnswer: metrics.hookAnswered,
    }),
  )
  return listen(api, { host: config.HOST, port: config.PORT, setting: 'PORT' })
}

function endpointOf({ name, kind }: Source, keys: Config['keys']): Endpoint[] {
  if (kind.kind !== 'webhook') return []
  const { preset, limitBytes } = kind
  const own = keys.get(preset.secretVariable) ?? []
  return [{ source: name, preset, keys: own.map((key) => createSecretKey(key)), limitBytes }]
}
