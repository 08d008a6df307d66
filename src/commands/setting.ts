import { CommandError, EXIT } from '../cli/exit.ts'
import { type Config, ConfigFault, readConfig } from '../config.ts'
import type { Role } from '../variables.ts'
import { sourceSecrets } from '../source-secrets.ts'
import type { Source, Trigger } from '../triggers/define.ts'

/** What the users of this repository have written, and the environment in which it runs. */
export interface Setting {
  env: NodeJS.ProcessEnv
  sources: Source[]
  catalogue: Record<string, Trigger>
}

/** The configuration for these roles; ends the command with all faults where it is not complete. */
export function readConfigOrExplain(
  env: NodeJS.ProcessEnv,
  { roles, sources }: { roles: readonly Role[]; sources: Source[] },
): Config {
  try {
    return readConfig(env, { roles, secrets: sourceSecrets(sources) })
  } catch (error) {
    if (!(error instanceof ConfigFault)) throw error
    throw new CommandError(error.message, { exitCode: EXIT.failed, cause: error })
  }
}
