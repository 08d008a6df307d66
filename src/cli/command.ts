import type { Print } from './print.ts'
import type { Server } from './server.ts'

/** One word of the command line. */
export interface Command {
  name: string
  /** What follows the name, such as `<source> <type> [--id <id>]`. */
  usage: string
  /** One line for `help`. */
  summary: string
  /** Flags by name; `--json` and `--url` among them where the command knows them. */
  options: Record<string, { type: 'string' | 'boolean'; meaning: string }>
  positionals: { least: number; most: number }
  /** Commands whose name begins with this one's, such as `llm budgets`. */
  words?: Command[]
  /** Resolves with the exit code. A `CommandError` ends it with a message. */
  run(input: CommandInput, context: CommandContext): Promise<number>
}

/** What was typed after the command's name. */
export interface CommandInput {
  positionals: string[]
  /** The value of a flag; undefined where it was not given. */
  text(name: string): string | undefined
  flag(name: string): boolean
}

/** What a source can be tried out with. */
export type SampleSource = InternalSamples | WebhookSamples

interface InternalSamples {
  name: string
  kind: 'internal'
  /** Data of a typical event by its type. */
  samples: Readonly<Record<string, unknown>>
}

/** A sender of webhooks that can be tried out. */
export interface WebhookSamples {
  name: string
  kind: 'webhook'
  samples: Readonly<Record<string, unknown>>
  /** The variable that holds the secret. */
  secretVariable: string
  /** The secrets in the text of a variable: several while one is rotated. */
  secretsIn(text: string): string[]
  /** A signed request, as the provider would send it. Throws where the secret is none. */
  compose(sampling: {
    type: string
    data: unknown
    id: string
    now: Date
    url: string
    secret: string
  }): { url: string; headers: Record<string, string>; body: Uint8Array }
}

/** Every provider whose webhooks are known, whether or not it is a source here. */
export interface Providers {
  names: string[]
  /** Undefined where there is none of this name. */
  samplesOf(name: string): WebhookSamples | undefined
  /** Judges a request by the rules of a provider, as its endpoint would. */
  judge(request: RequestToJudge): Promise<Judged>
}

/** A request as it once came in, and what it is held against. */
export interface RequestToJudge {
  provider: string
  method: string
  url: string
  /** Lower-case names. */
  headers: Record<string, string>
  body: Uint8Array
  address: string | undefined
  proxied: boolean
  /** Any of them may have signed it; public keys where the provider has a private one. */
  secrets: string[]
  nowMs: number
}

/** What became of a request. `key` counts from 1. */
export type Judged =
  | { valid: true; key: number; keys: number; signedAt?: string }
  | { valid: false; step: string; reason: string }

/** One variable of the configuration as it stands. */
export interface DescribedVariable {
  name: string
  /** Null where it is not set. */
  value: string | null
  default: string | null
  secret: boolean
  description: string
  /** What is wrong with it; null where nothing is. */
  fault: string | null
  /** Which parts need it. */
  requiredBy?: string
}

/** What the commands stand on. */
export interface CommandContext {
  version: string
  print: Print
  /** The server to talk to, wherever it was found. */
  server: () => Promise<Server>
  sources: SampleSource[]
  /** Loaded as they are asked for. */
  providers: () => Promise<Providers>
  env: Readonly<Record<string, string | undefined>>
  /** Standard input. */
  input: () => AsyncIterable<Uint8Array>
  /** Whether a person reads standard output as it comes. */
  isTerminal: boolean
  /** Settles at the first Ctrl-C, which from then on ends nothing by itself. */
  interrupted: () => Promise<void>
  describeConfig: () => DescribedVariable[]
  /** Tries what the server needs: Postgres, Temporal. */
  checks: () => Promise<{ name: string; ok: boolean; detail: string }[]>
  /** Who decides where `--by` is not given. */
  user: string
  /** Commands that `main.ts` carries out itself: dev, serve, work, setup. */
  roles: Command[]
}
