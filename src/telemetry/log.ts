import { DefaultLogger, type LogLevel } from '@temporalio/worker'
import pino, { type Logger } from 'pino'
import { z } from 'zod'

/** The log of the process: JSON lines on standard output. */
export const createLog = (level: string): Logger =>
  pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime })

/** The log of a person's terminal: a line each, fields behind the message. Errors keep their stack. */
export const createReadableLog = (level: string): Logger =>
  pino({ level, base: null }, { write: (line) => void process.stdout.write(readable(line)) })

function readable(line: string): string {
  const { level, time, msg, err, ...fields } = Record.parse(JSON.parse(line))
  const values = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  const clock = new Date(time).toTimeString().slice(0, 8)
  const head = `${clock} ${pino.levels.labels[level]?.padEnd(5)} ${msg}`
  const stack =
    err === undefined ? '' : `\n  ${(err.stack ?? err.message).replaceAll('\n', '\n  ')}`
  return `${[head, ...values].join('  ')}${stack}\n`
}

// Fields may have any name: one of these that is not what pino writes is passed over, and nothing throws.
const Record = z.looseObject({
  level: z.number().catch(30),
  time: z.number().catch(() => Date.now()),
  msg: z.string().catch(''),
  err: z
    .object({ message: z.string().catch(''), stack: z.string().optional().catch(undefined) })
    .optional()
    .catch(undefined),
})

const levels = {
  TRACE: 'trace',
  DEBUG: 'debug',
  // The SDK tells of every worker it starts: what matters of that we say ourselves.
  INFO: 'debug',
  WARN: 'warn',
  ERROR: 'error',
} as const satisfies Record<LogLevel, string>

/** Temporal's own log lines, in ours. */
export const temporalLog = (log: Logger): DefaultLogger =>
  new DefaultLogger('INFO', ({ level, message, meta }) => {
    // The token of a task is long and says nothing; an error is only written out as `err`.
    const { error: err, taskToken: _, ...fields } = { error: undefined, taskToken: '', ...meta }
    const about = { ...fields, ...(err === undefined ? {} : { err }), from: 'temporal' }
    log[EXPECTED.test(message) ? 'debug' : levels[level]](about, message)
  })

// The worker of model calls has no workflows by design; while Temporal is away, each of many calls says so again and
// again, where we say it once.
const EXPECTED = /^No workflows registered|^gRPC call \w+ retried/
