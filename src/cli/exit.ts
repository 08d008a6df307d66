/** How a command ends: what scripts can tell apart. */
export const EXIT = {
  ok: 0,
  /** It failed, or the server refused it. */
  failed: 1,
  /** The command was called wrongly. */
  usage: 2,
  /** No server answers. */
  unreachable: 3,
  notFound: 4,
  /** Already decided, expired or finished. */
  conflict: 5,
} as const

/** Ends a command with a message for people and a code for scripts. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly exitCode: number

  constructor(message: string, { exitCode, cause }: { exitCode: number; cause?: unknown }) {
    super(message, { cause })
    this.exitCode = exitCode
  }
}

/** The command was called wrongly. */
export const misuse = (message: string): CommandError =>
  new CommandError(message, { exitCode: EXIT.usage })
