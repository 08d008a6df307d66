import { z } from 'zod'
import { messageOf } from '../contracts/message-of.ts'
import type { Judged, Providers } from './command.ts'
import { StoredRequest, toRequest } from './stored-request.ts'

const Line = StoredRequest.extend({
  provider: z.string(),
  secrets: z.array(z.string()).default([]),
  /** Unix seconds, also between two of them; the time of the machine where absent. */
  now: z.number().nullish(),
})

/** Judges one request per line, in their order. A line that cannot be read is not valid, and no other suffers by it. */
export async function* judgeLines(
  input: AsyncIterable<Uint8Array>,
  { judge }: Providers,
): AsyncGenerator<Judged> {
  for await (const line of linesOf(input)) yield await judgeLine(line, judge)
}

async function judgeLine(line: string, judge: Providers['judge']): Promise<Judged> {
  try {
    const { provider, secrets, now, ...stored } = Line.parse(parse(line))
    const request = toRequest(stored)
    if (typeof request === 'string') return unreadable(request)
    const nowMs = now === undefined || now === null ? Date.now() : now * 1_000
    return await judge({ ...request, provider, secrets, nowMs })
  } catch (error) {
    if (error instanceof z.ZodError) return unreadable(z.prettifyError(error).replaceAll('\n', ' '))
    // The requests on all other lines are judged whatever this one holds.
    return unreadable(messageOf(error))
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (cause) {
    // The parser's own message quotes the line, which holds secrets.
    throw new Error('The line is no JSON.', { cause })
  }
}

const unreadable = (reason: string): Judged => ({ valid: false, step: 'request', reason })

const NEWLINE = 0x0a

// Node's own reader also ends a line at U+2028, which JSON may hold as it is.
async function* linesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let begun: Uint8Array[] = []
  for await (const chunk of input) {
    let start = 0
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start)
      if (end === -1) break
      yield Buffer.concat([...begun, chunk.subarray(start, end)]).toString()
      begun = []
      start = end + 1
    }
    if (start < chunk.length) begun.push(chunk.subarray(start))
  }
  if (begun.length > 0) yield Buffer.concat(begun).toString()
}
