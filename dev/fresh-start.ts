import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import { z } from 'zod'
import { descendants, processTable, type ProcessLine } from './process-table.ts'
import { startService, type Service } from './service.ts'

/** Where a new user sits: the clone and the terminal's environment. */
export interface Terminal {
  folder: string
  env: NodeJS.ProcessEnv
}

/** `npm start`, as seen from its terminal. */
export interface FreshStart {
  service: Service
  /** All of its output up to now, without colours. */
  output(): string
  /** The commands that it offers to try: lines of two spaces and `npx onset …`. */
  commands(): string[]
  urls(): string[]
}

/** Starts `npm start` in a process group of its own, as a terminal does. `stop()` is Ctrl-C. */
export function npmStart({ folder, env }: Terminal): FreshStart {
  let text = ''
  const service = startService({
    name: 'npm start',
    command: 'npm',
    args: ['start'],
    cwd: folder,
    env,
    stopSignal: 'SIGINT',
    killAfterMs: 30_000,
    listen: (chunk) => (text += chunk),
  })
  const output = (): string => stripVTControlCharacters(text)
  return {
    service,
    output,
    commands: () =>
      [...output().matchAll(/^ {2}(npx onset .+?)\s*$/gm)].flatMap(([, line]) => line ?? []),
    urls: () => output().match(/https?:\/\/\S+/g) ?? [],
  }
}

/** Runs a line in that terminal and resolves with what it printed. Rejects when it fails or takes over a minute. */
export async function typeLine({ folder, env }: Terminal, line: string): Promise<string> {
  const child = spawn('sh', ['-c', line], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  await once(child, 'close')
  if (child.exitCode !== 0) {
    const how =
      child.exitCode === null
        ? `was ended by ${child.signalCode}`
        : `ended with code ${child.exitCode}`
    throw new Error(`\`${line}\` ${how}.\n${stdout}${stderr}`)
  }
  return stdout
}

const Run = z.looseObject({ id: z.string(), status: z.string() })
const Runs = z.union([z.array(Run), z.object({ runs: z.array(Run) }).transform(({ runs }) => runs)])

/** A run as `npx onset runs --json` lists it. */
export type ListedRun = z.infer<typeof Run>

/** The runs that the command line lists. */
export async function listRuns(terminal: Terminal): Promise<ListedRun[]> {
  const printed = await typeLine(terminal, 'npx onset runs --json')
  return Runs.parse(JSON.parse(printed))
}

/** Looks until there is something to see. Rejects after the deadline, or when `npm start` ends. */
export async function until<Found>(
  what: string,
  { service }: FreshStart,
  seconds: number,
  look: () => Found | undefined | Promise<Found | undefined>,
): Promise<Found> {
  const deadline = Date.now() + seconds * 1000
  let over: string | undefined
  void service.ended.then(({ message }) => (over = message))
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (over !== undefined) throw new Error(`While waiting for ${what}: ${over}`)
    if (Date.now() > deadline) throw new Error(`Waited ${seconds} s for ${what} in vain.`)
    await sleep(100)
  }
}

/** Everything that a start has set going: what is below it, and what mentions the clone. */
export function processesOf({ folder }: Terminal, start: FreshStart): ProcessLine[] {
  const table = processTable()
  const below = start.service.pid === undefined ? [] : descendants(start.service.pid, table)
  const mentioning = table.filter(
    ({ command, cwd }) => command.includes(folder) || cwd.startsWith(folder),
  )
  return [...new Map([...below, ...mentioning].map((line) => [line.pid, line])).values()]
}
