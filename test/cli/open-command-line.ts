import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { serve } from '@hono/node-server'
import { afterAll } from 'vitest'
import type { Command, CommandContext, WebhookSamples } from '../../src/cli/command.ts'
import { runCommand } from '../../src/cli/commands.ts'
import { openProviders } from '../../src/commands/providers.ts'
import { openApi } from '../api/open-api.ts'

/** What a webhook source was sent. */
interface Delivered {
  body: unknown
  signature: string | undefined
}

/** A server on a free port and the command line that talks to it. */
export async function openCommandLine() {
  const opened = await openApi()
  const deliveries: Delivered[] = []
  opened.api.post('/hooks/github', async (c) => {
    deliveries.push({ body: await c.req.json(), signature: c.req.header('x-signature') })
    return c.json({ id: `evt_${c.req.header('x-delivery')}`, status: 'accepted' })
  })
  const listening = Promise.withResolvers<AddressInfo>()
  const server = serve(
    { fetch: opened.api.fetch, port: 0, hostname: '127.0.0.1' },
    listening.resolve,
  )
  const { port } = await listening.promise
  afterAll(() => void server.close())
  const cutOff = (): void => {
    if ('closeAllConnections' in server) server.closeAllConnections()
  }
  const url = `http://127.0.0.1:${port}`
  return { ...opened, cutOff, url, deliveries, onset: (...argv: string[]) => onset({ url }, argv) }
}

/** What a command wrote, and how it ended. */
interface Outcome {
  exitCode: number
  out: string
  error: string
}

/** Carries out a command line against a server that may or may not be there. */
export async function onset(
  { url = 'http://127.0.0.1:1', token = 'token-1' }: { url?: string; token?: string | null },
  argv: string[],
  others: Partial<CommandContext> = {},
): Promise<Outcome> {
  const written = { out: '', error: '' }
  const exitCode = await runCommand(argv, {
    version: '1.2.3',
    print: {
      line: (text) => void (written.out += `${text}\n`),
      piece: (text) => void (written.out += text),
      json: (value) => void (written.out += JSON.stringify(value)),
      error: (text) => void (written.error += `${text}\n`),
    },
    server: () =>
      Promise.resolve({ url, token, secret: (name) => (name === 'GITHUB_SECRET' ? 'hush' : null) }),
    sources: [
      {
        name: 'github',
        kind: 'webhook',
        samples: { 'issues.opened': { issue: { number: 7 } } },
        secretVariable: 'GITHUB_SECRET',
        secretsIn,
        compose,
      },
      {
        name: 'crm',
        kind: 'webhook',
        samples: { created: {} },
        secretVariable: 'CRM_SECRET',
        secretsIn,
        compose,
      },
      {
        name: 'internal',
        kind: 'internal',
        samples: { 'review.submitted': { verdict: 'ok' } },
      },
    ],
    providers: () => Promise.resolve(openProviders()),
    env: {},
    input: () => Readable.from([]),
    isTerminal: false,
    interrupted: () => new Promise(() => undefined),
    describeConfig: () => [],
    checks: () => Promise.resolve([]),
    user: 'ada',
    roles: [serveRole],
    ...others,
  })
  return { exitCode, ...written }
}

const secretsIn = (text: string): string[] => text.split(',')

const compose: WebhookSamples['compose'] = ({ url, data, secret, id, type }) => {
  const body = new TextEncoder().encode(JSON.stringify(data))
  const headers = {
    'content-type': 'application/json',
    'x-signature': `${secret} ${body.length}`,
    'x-delivery': id,
    'x-event': type,
  }
  return { url, headers, body }
}

const serveRole: Command = {
  name: 'serve',
  usage: '[--port <port>]',
  summary: 'Answer requests',
  options: { port: { type: 'string', meaning: 'Port' } },
  positionals: { least: 0, most: 0 },
  run: (input, { print }) => {
    print.line(`port ${input.text('port') ?? 'default'}`)
    return Promise.resolve(0)
  },
}
