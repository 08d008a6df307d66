import { messageOf } from '../contracts/message-of.ts'

/** Where something stands: a line of the prompt, or of one of its partials. */
export interface Place {
  line: number
  partial?: string | undefined
}

/** Says what is wrong in one line of a prompt. */
export const faultAt = ({ line, partial }: Place, message: string): Error =>
  new Error(`Line ${line}${partial === undefined ? '' : ` of partials/${partial}.md`}: ${message}`)

// How liquidjs ends its messages. The context of the line would follow; it is in the file.
const POSITION = /(?:, file:(?<partial>[^,]+))?, line:(?<line>\d+), col:\d+$/

/** Puts the line in front that liquidjs puts at the end. Other errors say what they said. */
export function placeFault(error: unknown): Error {
  const message = explain(messageOf(error))
  const { partial, line } = POSITION.exec(message)?.groups ?? {}
  if (line === undefined) return new Error(message, { cause: error })
  return faultAt({ line: Number(line), partial }, message.replace(POSITION, ''))
}

const explain = (message: string): string =>
  message
    .replace('template render limit exceeded', 'Rendering takes longer than the limit allows.')
    .replace('memory alloc limit exceeded', 'It makes longer texts or lists than the limit allows.')
