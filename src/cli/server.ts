import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CommandError, EXIT } from './exit.ts'

/** The server that commands talk to. */
export interface Server {
  url: string
  /** Null where none is known; the server then refuses what needs one. */
  token: string | null
  /**
   * What deliveries are signed with for a variable such as `GITHUB_WEBHOOK_SECRET`; null where none is known. Where the
   * variable holds a public key, `…_TO_SIGN` holds the private one.
   */
  secret: (variable: string) => string | null
}

const DevServer = z.object({
  url: z.url(),
  token: z.string(),
  secrets: z.record(z.string(), z.string()).default({}),
})

const DEFAULT_URL = 'http://localhost:3000'

/**
 * Finds the server: `ONSET_URL` and `API_TOKEN` of the environment, for what they leave open the development server
 * that wrote `.onset/dev.json` in the project, else the default port.
 */
export async function findServer({
  env,
  root,
}: {
  env: Record<string, string | undefined>
  root: string
}): Promise<Server> {
  const dev = await readDevServer(join(root, '.onset', 'dev.json'))
  const { ONSET_URL: url, API_TOKEN: token } = env
  // Another server's token and secrets are not what the development server made up for itself.
  const own = url === undefined || url === dev?.url ? dev : null
  return {
    url: (url ?? dev?.url ?? DEFAULT_URL).replace(/\/+$/, ''),
    token: token ?? own?.token ?? null,
    secret: (variable) =>
      env[`${variable}_TO_SIGN`] ?? env[variable] ?? own?.secrets[variable] ?? null,
  }
}

async function readDevServer(file: string): Promise<z.infer<typeof DevServer> | null> {
  const text = await readFile(file, 'utf8').catch(() => null)
  if (text === null) return null
  try {
    return DevServer.parse(JSON.parse(text))
  } catch (cause) {
    const message = `${file} cannot be read. Start the server again with npm start.`
    throw new CommandError(message, { exitCode: EXIT.failed, cause })
  }
}
