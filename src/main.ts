#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { fileURLToPath } from 'node:url'
import { runCommand } from './cli/commands.ts'
import { createPrint } from './cli/print.ts'
import { findServer } from './cli/server.ts'
import { describeConfig } from './config.ts'
import { roleCommands } from './commands/index.ts'
import { messageOf } from './contracts/message-of.ts'
import { sampleSources, sourceSecrets } from './source-secrets.ts'
import { listenForStop } from './stop.ts'
import { catalogue } from './triggers/catalogue/index.ts'
import { sources } from './triggers/sources/index.ts'

const { env, stdout, stderr } = process
const root = fileURLToPath(new URL('..', import.meta.url))
const { version }: { version: string } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'))

const exitCode = await runCommand(process.argv.slice(2), {
  version,
  print: createPrint({ stdout, stderr, onClosed: () => process.exit(0) }),
  server: () => findServer({ env, root }),
  sources: sampleSources(sources),
  providers: async () => (await import('./commands/providers.ts')).openProviders(),
  env,
  input: () => process.stdin,
  isTerminal: stdout.isTTY,
  interrupted: () => listenForStop({ startedByNpm: false }).requested,
  describeConfig: () =>
    describeConfig(env, { roles: ['serve', 'work'], secrets: sourceSecrets(sources) }),
  checks: async () => (await import('./commands/checks.ts')).checkServices(env),
  user: userName(),
  roles: roleCommands({ env, sources, catalogue }),
}).catch((error: unknown) => {
  stderr.write(`${messageOf(error)}\n`)
  return 1
})
// Temporal's core keeps threads of its own, which would hold the process.
process.exit(exitCode)

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A container may run under an id that has no name.
    return `user ${process.getuid?.() ?? 'unknown'}`
  }
}
