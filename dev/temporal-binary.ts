import { spawnSync } from 'node:child_process'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { processIdentity } from './process-identity.ts'
import { startService } from './service.ts'

/** A Temporal CLI that can start a dev server. */
export interface TemporalBinary {
  path: string
  /** Where it was found, for people: 'on PATH', 'in the cache', 'downloaded', 'built with Go'. */
  source: string
}

/** Where to look, and whom to tell what is under way. */
export interface TemporalSearch {
  env: NodeJS.ProcessEnv
  say: (what: string) => void
  signal?: AbortSignal
}

const VERSION = '1.5.1'
const GO_PACKAGE = `github.com/temporalio/cli/cmd/temporal@v${VERSION}`
// Without a network this is how long the download is given to receive its first byte.
const FIRST_BYTE_WITHIN_MS = 10_000
const DOWNLOADED_WITHIN_MS = 300_000
const BUILT_WITHIN_MS = 1_200_000

/** Finds the Temporal CLI on PATH or in the per-user cache, else downloads it, else builds it with Go. */
export async function findTemporal(search: TemporalSearch): Promise<TemporalBinary> {
  const onPath = findOnPath('temporal', search.env)
  if (onPath !== null && isTemporal(onPath)) return { path: onPath, source: 'on PATH' }

  const cached = join(cacheFolder(search.env), `temporal-${VERSION}`, 'temporal')
  if (existsSync(cached)) return { path: cached, source: 'in the cache' }

  const work = makeWorkFolder(dirname(cached))
  try {
    const downloaded = await download(work, search)
    const made = downloaded.path === null ? await build(work, search) : downloaded
    if (made.path === null) throw new Error(nothingFound([downloaded, made]))
    renameSync(made.path, cached)
    return { path: cached, source: made === downloaded ? 'downloaded' : 'built with Go' }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Two clones may do this at once, so each has a folder of its own. Those of starts that were killed are deleted. */
function makeWorkFolder(parent: string): string {
  mkdirSync(parent, { recursive: true })
  for (const name of readdirSync(parent)) {
    const [, pid] = /^unfinished-(\d+)-/.exec(name) ?? []
    if (pid === undefined || processIdentity(Number(pid)) !== null) continue
    rmSync(join(parent, name), { recursive: true, force: true })
  }
  return mkdtempSync(join(parent, `unfinished-${process.pid}-`))
}

type Attempt = { path: string } | { path: null; why: string }

/** The SDK can download it, but only together with a start; so a process of its own does both and ends. */
async function download(folder: string, { say, env, signal }: TemporalSearch): Promise<Attempt> {
  say('downloading')
  const script = fileURLToPath(new URL('./download-temporal.ts', import.meta.url))
  const service = startService({
    name: 'The download of Temporal',
    command: process.execPath,
    args: [script, folder, VERSION],
    env,
    killAfterMs: 1000,
  })
  const started = Date.now()
  const watch = setInterval(() => {
    const elapsed = Date.now() - started
    const silent = elapsed > FIRST_BYTE_WITHIN_MS && readdirSync(folder).length === 0
    if (silent || elapsed > DOWNLOADED_WITHIN_MS || signal?.aborted === true) void service.stop()
  }, 200)
  const { code, message } = await service.ended
  clearInterval(watch)
  const [file] = readdirSync(folder).filter((name) => !name.endsWith('.downloading'))
  if (code === 0 && file !== undefined) return { path: join(folder, file) }
  return { path: null, why: message }
}

async function build(folder: string, { say, env, signal }: TemporalSearch): Promise<Attempt> {
  signal?.throwIfAborted()
  const go = findOnPath('go', env)
  if (go === null) return { path: null, why: 'Go is not installed.' }
  say('building the dev server with Go, once, some minutes')
  const service = startService({
    name: `go install ${GO_PACKAGE}`,
    command: go,
    args: ['install', GO_PACKAGE],
    // Its SQLite is pure Go, so that no C compiler is needed.
    env: { ...env, GOBIN: folder, CGO_ENABLED: '0' },
    cwd: folder,
    killAfterMs: 2000,
  })
  const stop = (): void => void service.stop()
  const timer = setTimeout(stop, BUILT_WITHIN_MS)
  signal?.addEventListener('abort', stop)
  const { code, message } = await service.ended
  clearTimeout(timer)
  signal?.removeEventListener('abort', stop)
  return code === 0 ? { path: join(folder, 'temporal') } : { path: null, why: message }
}

function cacheFolder(env: NodeJS.ProcessEnv): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'onset')
}

function findOnPath(program: string, env: NodeJS.ProcessEnv): string | null {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, program)).find(isExecutable) ?? null
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function isTemporal(file: string): boolean {
  return /Server/.test(spawnSync(file, ['--version'], { encoding: 'utf8', timeout: 10_000 }).stdout)
}

function nothingFound(attempts: Attempt[]): string {
  const reasons = attempts.flatMap((attempt) =>
    attempt.path === null ? attempt.why.split('\n') : [],
  )
  return [
    'There is no Temporal dev server on this machine. One of these helps:',
    '  - install the Temporal CLI, so that `temporal` is on PATH: https://docs.temporal.io/cli',
    '  - install Go 1.25 or later, and Onset builds it once',
    '  - set TEMPORAL_ADDRESS to a Temporal service of your own',
    'What was tried:',
    ...reasons.map((line) => `  ${line}`),
  ].join('\n')
}
