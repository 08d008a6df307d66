import type { Writable } from 'node:stream'

/** Where the commands write. */
export interface Print {
  /** What was asked for: standard output. */
  line(text: string): void
  /** A piece of a line. */
  piece(text: string): void
  json(value: unknown): void
  /** Progress, hints and what went wrong: standard error. */
  error(text: string): void
}

interface Streams {
  stdout: Writable
  stderr: Writable
  /** Called when the reader of standard output has gone, as with `| head`. Nothing else is worth doing then. */
  onClosed: () => void
}

/** Writes to the two streams of the process. */
export function createPrint({ stdout, stderr, onClosed }: Streams): Print {
  stdout.on('error', onClosed)
  stderr.on('error', onClosed)
  return {
    line: (text) => void stdout.write(`${text}\n`),
    piece: (text) => void stdout.write(text),
    json: (value) => void stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    error: (text) => void stderr.write(`${text}\n`),
  }
}

/** Text of strangers, without what a terminal would take as a command. */
export const harmless = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ')

/** The same for text of several lines. */
export const harmlessLines = (text: string): string => text.split('\n').map(harmless).join('\n')
