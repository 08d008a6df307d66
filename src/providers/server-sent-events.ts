import { StringDecoder } from 'node:string_decoder'
import { interrupted } from './openai-failures.ts'

/** Gets the data of one event. `done` ends the reading: whatever still comes is not looked at. */
export type OnEvent = (data: string) => 'more' | 'done'

// An event is a token or a whole answer; nobody sends this much unless something is wrong.
const LONGEST_EVENT = 16_000_000
// For the end of a body whose last event has come, so that its connection can be used again.
const DRAIN_MS = 1_000

/**
 * Reads server-sent events until they end or are done, as the HTML standard says, but for one thing: an event whose
 * closing blank line never came counts as well, because some servers leave out the last one. Leaving it early, by
 * throwing in `onEvent`, closes the connection.
 */
export async function readServerSentEvents(
  body: ReadableStream<Uint8Array>,
  onEvent: OnEvent,
): Promise<void> {
  const reader = body.getReader()
  const decoder = new StringDecoder('utf8')
  const parser = createParser(onEvent)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) {
        parser.take(`${decoder.end()}\n\n`)
        return
      }
      const text = decoder.write(value)
      if (parser.take(text) === 'done') {
        void drain(reader)
        return
      }
    }
  } catch (error) {
    reader.cancel().catch(() => undefined)
    throw error
  }
}

function createParser(onEvent: OnEvent) {
  let isFirst = true
  let heldReturn = false
  /** The beginning of a line whose end has not come. */
  let rest = ''
  let data: string | null = null

  return { take }

  function take(piece: string): 'more' | 'done' {
    const text = withPlainLineEnds(piece)
    let from = 0
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      const line = rest === '' ? text.slice(from, end) : rest + text.slice(from, end)
      rest = ''
      from = end + 1
      if (takeLine(line) === 'done') return 'done'
    }
    if (from < text.length) rest += from === 0 ? text : text.slice(from)
    if (rest.length + (data?.length ?? 0) > LONGEST_EVENT) {
      throw interrupted(`Expected events of at most ${LONGEST_EVENT} characters, received more.`)
    }
    return 'more'
  }

  function takeLine(line: string): 'more' | 'done' {
    if (line === '') {
      if (data === null) return 'more'
      const event = data
      data = null
      return onEvent(event)
    }
    if (line.startsWith('data:')) {
      const value = line.slice(line.charCodeAt(5) === SPACE ? 6 : 5)
      data = data === null ? value : `${data}\n${value}`
    }
    return 'more'
  }

  function withPlainLineEnds(piece: string): string {
    let text = heldReturn ? `\r${piece}` : piece
    heldReturn = false
    if (isFirst && text !== '') {
      isFirst = false
      if (text.startsWith('\uFEFF')) text = text.slice(1)
    }
    if (!text.includes('\r')) return text
    // A carriage return at the end may be the first half of a line end.
    heldReturn = text.endsWith('\r')
    return (heldReturn ? text.slice(0, -1) : text).replaceAll(/\r\n?/g, '\n')
  }
}

const SPACE = 32

async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const timer = setTimeout(() => void reader.cancel().catch(() => undefined), DRAIN_MS)
  try {
    while (!(await reader.read()).done);
  } catch {
    // The answer is complete: what becomes of its connection matters to nobody.
  } finally {
    clearTimeout(timer)
  }
}
