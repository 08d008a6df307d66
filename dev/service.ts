import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

/** A program that runs beside us, in a process group of its own. */
export interface ServiceOptions {
  /** What people call it: 'Postgres'. */
  name: string
  command: string
  args: string[]
  cwd?: string
  env?: NodeJS.ProcessEnv
  uid?: number
  gid?: number
  /** What asks it to end. Default SIGTERM. */
  stopSignal?: NodeJS.Signals
  /** How long it may take to end before it is killed. Default 15,000. */
  killAfterMs?: number
  /** Hears its output, both streams, as it comes. */
  listen?: (text: string) => void
}

/** How a service ended. */
export interface ServiceEnd {
  name: string
  /** True after `stop()`; false when it ended by itself. */
  expected: boolean
  /** Null when a signal ended it or when it could not be started. */
  code: number | null
  /** For people: which service, how it ended, and its last lines. */
  message: string
}

/** A service that was started. It may be starting still. */
export interface Service {
  /** Undefined when the program could not be started at all; `ended` says why. */
  pid: number | undefined
  /** Settles once, when the program is gone. Never rejects. */
  ended: Promise<ServiceEnd>
  /** The last 40 lines of its output. */
  lastLines(): string
  /** Asks it to end, kills it when it takes too long, and resolves when it is gone. May be called twice. */
  stop(): Promise<void>
}

const LINES_KEPT = 40

/** Starts a program that Ctrl-C in our terminal spares, and that ends when we end, however violently. */
export function startService(options: ServiceOptions): Service {
  const { name, command, args, listen, ...rest } = options
  const { stopSignal = 'SIGTERM', killAfterMs = 15_000 } = options
  const child = spawn(command, args, { ...rest, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const { pid } = child
  const releaseGuard = pid === undefined ? () => undefined : guard(pid, stopSignal)

  let lines: string[] = []
  let stopping = false
  const keep = (chunk: Buffer): void => {
    listen?.(chunk.toString())
    lines = [...lines, ...chunk.toString().trimEnd().split('\n')].slice(-LINES_KEPT)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)

  const ended = new Promise<ServiceEnd>((resolve) => {
    const end = (code: number | null, how: string): void => {
      releaseGuard()
      const message = [`${name} ${how}.`, ...lines.map((line) => `  ${line}`)].join('\n')
      resolve({ name, expected: stopping, code, message })
    }
    child.once('error', (error) => end(null, `could not be started: ${error.message}`))
    child.once('exit', (code, signal) => {
      // Its last words may still be in the pipe; a grandchild that holds the pipe open is not waited for.
      void Promise.race([once(child, 'close'), sleep(500, undefined, { ref: false })]).then(() =>
        end(code, code === null ? `was ended by ${signal}` : `ended with code ${code}`),
      )
    })
  })

  return {
    pid,
    ended,
    lastLines: () => lines.join('\n'),
    async stop() {
      if (!stopping) signalGroup(pid, stopSignal)
      stopping = true
      const killer = setTimeout(() => signalGroup(pid, 'SIGKILL'), killAfterMs)
      await ended
      clearTimeout(killer)
    },
  }
}

/** A shell whose input closes when we die: it then does what `stop()` would have done. */
function guard(pid: number, stopSignal: NodeJS.Signals): () => void {
  const group = `-- -${pid} 2>/dev/null`
  const script = `read -r answer
    [ "$answer" = released ] && exit
    kill -s ${stopSignal.slice(3)} ${group}
    for second in 1 2 3 4 5 6 7 8 9 10; do kill -s 0 ${group} || exit; sleep 1; done
    kill -s KILL ${group}`
  const shell = spawn('sh', ['-c', script], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
  })
  shell.once('error', () => undefined)
  shell.stdin.once('error', () => undefined)
  shell.unref()
  return () => shell.stdin.end('released\n')
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // Already gone, which is what was wanted.
  }
}
