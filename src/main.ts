#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { fileURLToPath } from 'node:url'
import { checkServices } from './checks.ts'
import { runCommand } from './cli/commands.ts'
import { createPrint } from './cli/print.ts'
import { findServer } from './cli/server.ts'
import { describeConfig } from './config.ts'
import { devCommand } from './dev-command.ts'
import { promptsCommand } from './prompts-command.ts'
import { roleCommand, setUpCommand } from './roles.ts'
import { sampleSources, sourceSecrets } from './source-secrets.ts'
import { catalogue } from './triggers/catalogue/index.ts'
import { sources } from './triggers/sources/index.ts'

const { env, stdout, stderr } = process
const root = fileURLToPath(new URL('..', import.meta.url))
const { version }: { version: string } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'))
const setting = { env, sources, catalogue }

const exitCode = await runCommand(process.argv.slice(2), {
  version,
  print: createPrint({ stdout, stderr, onClosed: () => process.exit(0) }),
  server: () => findServer({ env, root }),
  sources: sampleSources(sources),
  describeConfig: () =>
    describeConfig(env, { roles: ['serve', 'work'], secrets: sourceSecrets(sources) }),
  checks: () => checkServices(env),
  user: userInfo().username,
  roles: [
    devCommand(setting),
    roleCommand('serve', setting),
    roleCommand('work', setting),
    setUpCommand(setting),
    promptsCommand,
  ],
}).catch((error: unknown) => {
  stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  return 1
})
// Temporal's core keeps threads of its own, which would hold the process.
process.exit(exitCode)
