import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { DevServices } from '../src/commands/dev.ts'
import type { MakeSecret } from '../src/source-secrets.ts'
import { requireFreePort } from './ports.ts'
import { createProgress } from './progress.ts'
import { makeToken, readOrMakeSecrets } from './secrets.ts'
import { startServices } from './services.ts'

interface StartOptions {
  env: NodeJS.ProcessEnv
  /** How the secrets of the sources are made, by their variables. */
  secrets: Record<string, MakeSecret>
  /** Settles when the person at the terminal has had enough. */
  cancel: Promise<void>
}

const root = fileURLToPath(new URL('..', import.meta.url))
const devFile = join(root, '.onset', 'dev.json')

/** Starts Postgres and Temporal, and makes up the secrets that the environment lacks. Null when cancelled meanwhile. */
export async function startDev({
  env,
  secrets,
  cancel,
}: StartOptions): Promise<DevServices | null> {
  const progress = createProgress()
  const port = portOf(env['PORT'], 3000)
  await requireFreePort({ port, purpose: 'Onset', setting: 'PORT' })
  const uiPort = portOf(env['TEMPORAL_UI_PORT'], 8233)
  const cancelling = new AbortController()
  void cancel.then(() => cancelling.abort())
  const starting = startServices({
    root,
    temporalPort: portOf(env['TEMPORAL_PORT'], 7233),
    uiPort,
    ...(env['POSTGRES_PORT'] ? { postgresPort: Number(env['POSTGRES_PORT']) } : {}),
    progress,
    env,
    signal: cancelling.signal,
  })
  const services = await starting.catch((error: unknown) => {
    if (cancelling.signal.aborted) return null
    throw error
  })
  if (services === null) return null
  const made = readOrMakeSecrets<string>(root, { ...secrets, API_TOKEN: makeToken })
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value))
  const { temporalUiUrl } = services
  const complete: NodeJS.ProcessEnv = {
    ...made.verifying,
    LLM_PROVIDER: env['OPENAI_API_KEY'] || env['LLM_CONFIG'] ? 'openai' : 'scripted',
    ...given,
    DATABASE_URL: services.databaseUrl,
    TEMPORAL_ADDRESS: services.temporalAddress,
  }

  return {
    env: complete,
    announce(url) {
      const token = complete['API_TOKEN'] ?? ''
      const kept = Object.fromEntries(
        Object.keys(secrets).map((name) => [name, given[name] ?? made.signing[name]]),
      )
      mkdirSync(join(root, '.onset'), { recursive: true })
      writeFileSync(devFile, JSON.stringify({ url, token, secrets: kept }, null, 2), {
        mode: 0o600,
      })
      process.stdout.write(
        banner({
          url,
          temporalUiUrl,
          token,
          model: complete['LLM_PROVIDER'] ?? '',
          source: services.temporalSource,
        }),
      )
    },
    ended: services.ended.then(({ message }) => message),
    async stop() {
      rmSync(devFile, { force: true })
      await services.stop()
    },
  }
}

function portOf(text: string | undefined, otherwise: number): number {
  const port = text ? Number(text) : otherwise
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw new Error(`Expected a port, received '${text}'.`)
}

function banner({
  url,
  temporalUiUrl,
  token,
  model,
  source,
}: {
  url: string
  temporalUiUrl: string | undefined
  token: string
  model: string
  source: string
}): string {
  const models = model === 'scripted' ? 'scripted; set OPENAI_API_KEY for a real one' : model
  return `
Onset is ready.

  Webhooks and API   ${url}
  Temporal UI        ${temporalUiUrl ?? 'of the Temporal server that you named'}
  Temporal           ${source}
  Model              ${models}
  API token          ${token}

Try it in another terminal:

  npx onset send github issues.opened
  npx onset runs
  npx onset approve --latest

Ctrl-C stops everything. The data stays in .onset/.

`
}
