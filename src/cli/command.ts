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
export interface SampleSource {
  name: string
  kind: 'webhook' | 'internal'
  /** Data of a typical event by its type. */
  samples: Record<string, unknown>
  /** The variable that holds the secret; absent where nothing is signed. */
  secretVariable?: string
  /** The headers with which a delivery of this source comes. */
  sign(
    secret: string,
    body: Uint8Array,
    delivery: { id: string; type: string; now: Date },
  ): Record<string, string>
}

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
  describeConfig: () => DescribedVariable[]
  /** Tries what the server needs: Postgres, Temporal. */
  checks: () => Promise<{ name: string; ok: boolean; detail: string }[]>
  /** Who decides where `--by` is not given. */
  user: string
  /** Commands that `main.ts` carries out itself: dev, serve, work, setup. */
  roles: Command[]
}
