import { wordAt } from '../body-readers.ts'
import type { EventFacts, Preset } from '../preset.ts'
import type { RawRequest } from '../request.ts'

/** Where a sender that nobody knows puts something: in a header, or in the body, such as `data.object.id`. */
export type Place = { header: string } | { path: string }

/** What a sender of our own choosing is expected to send. */
export interface Places {
  /** Its id of the event; `Idempotency-Key` where absent, else a random one. */
  id?: Place
  /** @default { path: 'type' } */
  type?: Place
  /** @default { path: 'subject' } */
  subject?: Place
  /** When it happened. @default { path: 'time' } */
  occurredAt?: Place
  /** @default JSON alone */
  mediaTypes?: readonly string[]
  /** Whether it delivers again after a 503; what does not come again is kept even under overload. @default true */
  retries?: boolean
}

/** The part of a preset that reads by these places. CloudEvents are read as such. */
export function readAt({
  id,
  type = { path: 'type' },
  subject = { path: 'subject' },
  occurredAt = { path: 'time' },
  mediaTypes = ['application/json'],
  retries = true,
}: Places): Pick<Preset, 'read' | 'mediaTypes' | 'retries' | 'cloudEvents'> {
  return {
    mediaTypes,
    retries,
    cloudEvents: true,
    read: (request, data) => ({
      outcome: 'events',
      events: [
        {
          key: id === undefined ? undefined : said(id, request, data),
          type: said(type, request, data) ?? 'unknown',
          subject: said(subject, request, data),
          time: said(occurredAt, request, data),
        } satisfies EventFacts,
      ],
    }),
  }
}

const said = (place: Place, { headers }: RawRequest, data: unknown): string | undefined =>
  'header' in place ? headers[place.header.toLowerCase()] : wordAt(data, ...place.path.split('.'))

/** Data of events that anybody could send. */
export const plainSamples = {
  'order.created': { type: 'order.created', subject: 'ord_1', data: { total: '42.00' } },
  'order.cancelled': { type: 'order.cancelled', subject: 'ord_1', data: { reason: 'Too square.' } },
}
