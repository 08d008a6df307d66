import { type Content, mediaTypeOf, readContent } from '../../contracts/content.ts'
import { digestOf } from '../../inbox/digest.ts'
import { type MailOpening, openMail } from './mail-form.ts'
import { multipartAsJson } from './multipart-json.ts'
import { readNotifications } from './soap.ts'

/** How a provider's bodies are opened: forms as mail, or SOAP as a list of notifications. */
export type Opening = ({ as: 'mail' } & MailOpening) | { as: 'notifications' }

/** A verified body without its compression. */
export interface ClosedBody {
  contentType: string
  body: Uint8Array
  /** Members that do not count when two bodies are told apart. */
  volatile: readonly string[]
  /** By its content type alone where absent. */
  opening?: Opening | undefined
}

/** A body as it is kept, what it says, and what it is told apart by. */
export interface OpenedBody {
  contentType: string
  body: Uint8Array
  content: Content
  digest: Uint8Array
}

/**
 * Reads a body. One of several parts becomes JSON, once and for all. `shorten` is what is left of the value of a body
 * that is read by its content type: all of it where absent.
 */
export function openBody(closed: ClosedBody, shorten?: (value: unknown) => unknown): OpenedBody {
  const { contentType, body, volatile, opening } = closed
  const mediaType = mediaTypeOf(contentType)
  if (opening?.as === 'notifications') {
    const data = readNotifications(body)
    return data === null ? unreadable(closed) : opened({ contentType, body }, data)
  }
  if (opening?.as === 'mail' && (mediaType === MULTIPART || mediaType === FORM)) {
    const mail = openMail(closed, opening)
    if (mail === null) return unreadable(closed)
    return opened({ contentType: 'application/json', body: mail.json }, mail.said)
  }
  if (mediaType !== MULTIPART) return read(closed, shorten)
  const json = multipartAsJson(contentType, body)
  if (json === null) return unreadable(closed)
  return read({ contentType: 'application/json', body: json, volatile }, shorten)
}

const MULTIPART = 'multipart/form-data'
const FORM = 'application/x-www-form-urlencoded'

type Kept = Pick<OpenedBody, 'contentType' | 'body'>

const opened = ({ contentType, body }: Kept, data: unknown): OpenedBody => ({
  contentType,
  body,
  content: { readable: true, data },
  digest: digestOf(body),
})

/** A body that says nothing, and is kept as it came. */
export const unreadable = ({ contentType, body }: Kept): OpenedBody => ({
  contentType,
  body,
  content: { readable: false, message: 'The body is not what its sender would send.' },
  digest: digestOf(body),
})

function read(
  { contentType, body, volatile }: ClosedBody,
  shorten: (value: unknown) => unknown = (value) => value,
): OpenedBody {
  const content = readContent(contentType, body)
  const digest = digestOfContent({ body, content, volatile })
  if (!content.readable) return { contentType, body, content, digest }
  return { contentType, body, content: { ...content, data: shorten(content.data) }, digest }
}

/** A digest of a body without its volatile members, which is the same when the same event is delivered again. */
export function digestOfContent({
  body,
  content,
  volatile,
}: {
  body: Uint8Array
  content: Content | null
  volatile: readonly string[]
}): Uint8Array {
  if (volatile.length === 0 || content?.readable !== true) return digestOf(body)
  const { data } = content
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return digestOf(body)
  const lasting = Object.entries(data).filter(([name]) => !volatile.includes(name))
  return digestOf(JSON.stringify(Object.fromEntries(lasting)))
}
