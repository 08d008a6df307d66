import { styleText } from 'node:util'

/** Runs a step and shows how long it takes, once that is longer than a second. `say` names what is under way. */
export type Progress = <Result>(
  name: string,
  step: (say: (what: string) => void) => Promise<Result>,
) => Promise<Result>

/** Where progress is shown; `process.stderr` is one. */
export interface ProgressStream {
  isTTY?: boolean
  columns?: number
  write(text: string): unknown
}

interface Active {
  name: string
  what: string
  started: number
  printed: number
}

// Shorter steps are not worth a line.
const SHOWN_AFTER_MS = 1000
// In a log file, where a line cannot be replaced.
const REPEATED_EVERY_MS = 15_000

/** On a terminal one line that changes, elsewhere a line at the start, every 15 seconds, and at the end. */
export function createProgress(stream: ProgressStream = process.stderr): Progress {
  const steps = new Set<Active>()
  let ticker: NodeJS.Timeout | undefined

  return async (name, step) => {
    const active: Active = { name, what: 'starting', started: Date.now(), printed: 0 }
    steps.add(active)
    ticker ??= setInterval(show, 200).unref()
    try {
      return await step((what) => {
        active.what = what
      })
    } finally {
      steps.delete(active)
      if (steps.size === 0) {
        clearInterval(ticker)
        ticker = undefined
      }
      const elapsed = Date.now() - active.started
      if (elapsed >= SHOWN_AFTER_MS) finish(active)
    }
  }

  function show(): void {
    const slow = [...steps].filter(({ started }) => Date.now() - started >= SHOWN_AFTER_MS)
    if (stream.isTTY === true) {
      const line = slow.map(describe).join('   ')
      if (line !== '') {
        stream.write(`\r\x1b[K${styleText('dim', line.slice(0, (stream.columns ?? 80) - 1))}`)
      }
      return
    }
    for (const active of slow) {
      if (Date.now() - active.printed < REPEATED_EVERY_MS) continue
      active.printed = Date.now()
      stream.write(`${describe(active)}\n`)
    }
  }

  function finish(active: Active): void {
    const clear = stream.isTTY === true ? '\r\x1b[K' : ''
    stream.write(`${clear}${active.name}: ${active.what}, ${seconds(active)}\n`)
  }
}

function describe(active: Active): string {
  return `${active.name}: ${active.what} … ${seconds(active)}`
}

function seconds({ started }: Active): string {
  return `${((Date.now() - started) / 1000).toFixed(1)} s`
}
