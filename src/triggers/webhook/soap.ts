import { readXml, type XmlElement } from './xml.ts'

/** One notification of an outbound message, without the session that came with it. */
export interface Notification {
  id: string
  /** Such as `Opportunity`. */
  type: string
  /** Of the record that it is about. */
  recordId?: string
  /** What a run gets to see, in JSON. */
  text: string
}

const MOST_NOTIFICATIONS = 100
// With it, its holder is the user whose change set the message off.
const SESSION = 'SessionId'

/**
 * Reads a SOAP 1.1 envelope with Salesforce's notifications. Null where it is anything else, holds none, or more than a
 * hundred.
 */
export function readNotifications(body: Uint8Array): Notification[] | null {
  const envelope = readXml(body)
  if (envelope?.name !== 'Envelope') return null
  const message = onlyChild(onlyChild(envelope, 'Body'), 'notifications')
  if (message === undefined) return null
  const sender = Object.fromEntries(
    ['OrganizationId', 'ActionId', 'EnterpriseUrl'].map((name) => [name, textIn(message, name)]),
  )
  const elements = message.children.filter(({ name }) => name === 'Notification')
  const notifications = elements.flatMap((element) => notificationIn(element, sender) ?? [])
  const isComplete = notifications.length === elements.length && elements.length > 0
  return isComplete && elements.length <= MOST_NOTIFICATIONS ? notifications : null
}

/** The message with its sessions blanked; nothing of it where it is no UTF-8, in which a session could not be found. */
export function withoutSessions(body: Uint8Array): Uint8Array {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body)
    return new TextEncoder().encode(text.replaceAll(SESSIONS, '$1'))
  } catch {
    return new TextEncoder().encode('The message is no UTF-8.')
  }
}

// Up to its end tag, or to the end of a message that was cut off. An element without content stays as it is.
const SESSIONS =
  /(<(?:[\w.-]+:)?SessionId(?=[\s>])[^<>]*(?<!\/)>)[^]*?(?=<\/(?:[\w.-]+:)?SessionId\s*>|$)/g

function notificationIn(
  element: XmlElement,
  sender: Record<string, string | undefined>,
): Notification | undefined {
  const id = textIn(element, 'Id')
  const record = onlyChild(element, 'sObject')
  if (id === undefined || record === undefined) return undefined
  const type = /[^:]*$/.exec(record.attributes.get('type') ?? '')?.[0] ?? ''
  const recordId = textIn(record, 'Id')
  return {
    id,
    type: type === '' ? 'sObject' : type,
    ...(recordId === undefined ? {} : { recordId }),
    text: JSON.stringify({ ...sender, Id: id, type, sObject: valueOf(record) }),
  }
}

// Text, null for what is nil, an object for what has members; what has the same name becomes a list.
function valueOf({ attributes, children, text }: XmlElement): unknown {
  if (attributes.get('nil') === 'true') return null
  if (children.length === 0) return text
  const members = Map.groupBy(
    children.filter(({ name }) => name !== SESSION),
    ({ name }) => name,
  )
  return Object.fromEntries(
    [...members].map(([name, same]) => {
      const [first, ...others] = same.map(valueOf)
      return [name, others.length === 0 ? first : [first, ...others]]
    }),
  )
}

function onlyChild(element: XmlElement | undefined, name: string): XmlElement | undefined {
  const [only, second] = element?.children.filter((child) => child.name === name) ?? []
  return second === undefined ? only : undefined
}

function textIn(element: XmlElement, name: string): string | undefined {
  const text = onlyChild(element, name)?.text.trim()
  return text === '' ? undefined : text
}
