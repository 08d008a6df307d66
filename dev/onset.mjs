#!/usr/bin/env node
// What `npx onset …` runs: installs when needed, then hands over to Node 24. Plain Node 18 without packages.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { install, runtime } from './install.mjs'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

try {
  await install()
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
}

const child = spawn(runtime, [main, ...process.argv.slice(2)], { stdio: 'inherit' })
// From a terminal the signal reaches the child twice, directly and from here: stopping twice is stopping once.
const forward = (signal) => child.kill(signal)
process.on('SIGINT', forward).on('SIGTERM', forward)
child.once('error', (error) => {
  process.stderr.write(`${runtime} could not be started: ${error.message}\n`)
  process.exitCode = 1
})
child.once('exit', (code, signal) => {
  process.off('SIGINT', forward).off('SIGTERM', forward)
  if (signal) process.kill(process.pid, signal)
  else process.exitCode = code
})
