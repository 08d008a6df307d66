import { z } from 'zod'
import { CommandError, EXIT } from './exit.ts'
import type { Server } from './server.ts'

/** The server as the commands call it. Whatever it refuses ends the command with `detail (code)`. */
export interface ApiClient {
  url: string
  get(path: string): Promise<unknown>
  post(path: string, request: PostRequest): Promise<unknown>
  put(path: string, request: PostRequest): Promise<unknown>
  delete(path: string): Promise<unknown>
  /** The answer as it comes in. Null where there is nothing to read. */
  stream(path: string, headers: Record<string, string>): Promise<ReadableStream<Uint8Array> | null>
}

interface PostRequest {
  body: Uint8Array | string
  headers?: Record<string, string>
}

/** Calls the server with its token. */
export function createApiClient({ url, token }: Server): ApiClient {
  const authorization = token === null ? {} : { authorization: `Bearer ${token}` }

  return {
    url,
    get: async (path) => readJson(await call(path, {})),
    post: (path, request) => send(path, { method: 'POST', ...request }),
    put: (path, request) => send(path, { method: 'PUT', ...request }),
    delete: async (path) => readJson(await call(path, { method: 'DELETE' })),
    stream: async (path, headers) => (await call(path, { headers })).body,
  }

  async function send(
    path: string,
    { method, body, headers = {} }: PostRequest & { method: 'POST' | 'PUT' },
  ): Promise<unknown> {
    const all = { 'content-type': 'application/json', ...headers }
    return readJson(await call(path, { method, body, headers: all }))
  }

  async function call(path: string, init: RequestInit): Promise<Response> {
    const headers = { ...authorization, ...Object.fromEntries(new Headers(init.headers)) }
    const response = await fetch(`${url}${path}`, { ...init, headers }).catch((cause: unknown) => {
      throw unreachable(url, cause)
    })
    if (response.ok) return response
    throw await refusal(response)
  }
}

const Refusal = z.object({
  detail: z.string().optional(),
  title: z.string().optional(),
  code: z.string().optional(),
})

const EXIT_CODES: Record<number, number> = { 404: EXIT.notFound, 409: EXIT.conflict }

/** What a refused request ends a command with: `detail (code)` of a problem document, else the status. */
export async function refusal(response: Response): Promise<CommandError> {
  const body = Refusal.safeParse(await response.json().catch(() => null))
  const { detail, title, code } = body.data ?? {}
  const said = detail ?? title ?? `The server answered ${response.status} ${response.statusText}`
  const exitCode = EXIT_CODES[response.status] ?? EXIT.failed
  return new CommandError(`${said} (${code ?? response.status})`, { exitCode })
}

/** What ends a command where nothing answers. */
export function unreachable(url: string, cause: unknown): CommandError {
  const message = `No Onset server at ${url}. Start one with npm start.`
  return new CommandError(message, { exitCode: EXIT.unreachable, cause })
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json()
  } catch (cause) {
    const message = `${response.url} answered no JSON: is that an Onset server?`
    throw new CommandError(message, { exitCode: EXIT.failed, cause })
  }
}
