import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createChecks } from './checks.ts'
import { cloneRepository, freshEnvironment } from './fresh-clone.ts'
import {
  listRuns,
  npmStart,
  processesOf,
  typeLine,
  until,
  type FreshStart,
  type Terminal,
} from './fresh-start.ts'
import { processIdentity } from './process-identity.ts'

// npm run test:fresh: does in a clone what a new user does, and checks what he sees.
const BOUND_MS = 600_000
// The first start installs the packages, and builds Temporal where it can be neither found nor downloaded.
const FIRST_START_SECONDS = 480
const SECOND_START_SECONDS = 60

const print = (line: string): void => void process.stdout.write(`${line}\n`)
const root = fileURLToPath(new URL('..', import.meta.url))
const checks = createChecks(print)
const clone = cloneRepository(root)
const terminal: Terminal = { folder: clone.folder, env: await freshEnvironment(process.env) }
let current: FreshStart | undefined
let ending = false

print(`A fresh clone of ${clone.source} in ${clone.folder}`)
const bound = setTimeout(() => void end(new Error('Ten minutes are over.')), BOUND_MS)
process.once('SIGINT', () => void end(new Error('Interrupted.')))
process.once('SIGTERM', () => void end(new Error('Terminated.')))
try {
  await newUser()
  await end()
} catch (error) {
  await end(error)
}

async function newUser(): Promise<void> {
  const first = await checks.check('npm start prints its addresses and three commands', () =>
    startAndRead(FIRST_START_SECONDS),
  )
  const id = await firstRun(first)
  await ctrlC(first)

  const started = Date.now()
  const second = await checks.check('a second start prints them again', () =>
    startAndRead(SECOND_START_SECONDS),
  )
  await firstRun(second, id)
  print(
    `  warm: from npm start to the first completed run, with all commands typed: ${seconds(started)}`,
  )
  await checks.check('the run of the first start is still listed', async () => {
    const run = (await listRuns(terminal)).find((listed) => listed.id === id)
    if (run?.status !== 'completed') throw new Error(`Run ${id} is listed as ${run?.status}.`)
  })
  await ctrlC(second)
}

async function startAndRead(withinSeconds: number): Promise<FreshStart> {
  const start = npmStart(terminal)
  current = start
  await until('three commands and two addresses', start, withinSeconds, () =>
    start.commands().length >= 3 && start.urls().length >= 2 ? true : undefined,
  )
  return start
}

/** Types the three commands and follows the run that they start; resolves with its id. */
async function firstRun(start: FreshStart, except?: string): Promise<string> {
  const [send = '', list = '', approve = ''] = start.commands()
  const find = (status: string) => async () =>
    (await listRuns(terminal)).find((run) => run.status === status && run.id !== except)

  await checks.check(`\`${send}\` starts a run that waits for a person`, async () => {
    await typeLine(terminal, send)
    return until('a run that waits', start, 60, find('waiting'))
  })
  await checks.check(`\`${list}\` lists it`, async () => {
    if ((await typeLine(terminal, list)).trim() === '') throw new Error('It printed nothing.')
  })
  return checks.check(`\`${approve}\` lets it complete, with a result`, async () => {
    await typeLine(terminal, approve)
    const run = await until('a completed run', start, 60, find('completed'))
    if (run['result'] === undefined || run['result'] === null) throw new Error('It has no result.')
    return run.id
  })
}

async function ctrlC(start: FreshStart): Promise<void> {
  const alive = processesOf(terminal, start)
  const identities = alive.map((line) => ({ ...line, identity: processIdentity(line.pid) }))
  await checks.check('Ctrl-C ends it', async () => {
    await start.service.stop()
    const { code, message } = await start.service.ended
    if (code === null && message.includes('SIGKILL')) throw new Error('It had to be killed.')
  })
  await checks.check(`nothing is left of its ${alive.length} processes`, async () => {
    const deadline = Date.now() + 5000
    for (;;) {
      const left = identities.filter(
        ({ pid, identity }) => identity !== null && processIdentity(pid) === identity,
      )
      const lines = [...left, ...processesOf(terminal, start)].map(
        ({ pid, command }) => `${pid} ${command}`,
      )
      if (lines.length === 0) return
      if (Date.now() > deadline) throw new Error(`Still there:\n${lines.join('\n')}`)
      await sleep(100)
    }
  })
}

async function end(error?: unknown): Promise<void> {
  // What is under way fails when it is interrupted, and comes here as well.
  if (ending) return
  ending = true
  clearTimeout(bound)
  if (error !== undefined) {
    print(error instanceof Error ? error.message : JSON.stringify(error))
    print(`What npm start printed last:\n${current?.output().split('\n').slice(-60).join('\n')}`)
  }
  await current?.service.stop()
  clone.remove()
  const { passed, failed } = checks.report(join(root, '.onset/fresh-report.json'))
  print(`${passed} passed, ${failed} failed`)
  process.exit(error === undefined && failed === 0 ? 0 : 1)
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`
}
