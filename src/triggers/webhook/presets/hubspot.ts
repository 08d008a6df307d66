import { readElements } from '../elements.ts'
import { hmacSigner } from '../hmac.ts'
import { textAt, valueAt, wordAt } from '../body-readers.ts'
import { type EventFacts, oneEvent, type Preset } from '../preset.ts'
import { textSecret } from '../secret.ts'
import { single } from '../signature-header.ts'
import { unixTime } from '../unix-time.ts'
import { composeSigned, jsonBody, objectOf } from './compose.ts'

const TOLERANCE_SECONDS = 300
// HubSpot itself sends no more in one request.
const MOST_ELEMENTS = 100

/**
 * HubSpot webhooks, signature v3: HMAC over method, decoded URL, body and a time in milliseconds, at most 300 s old or
 * ahead. Each element of the array is an event of its own: its type is `subscriptionType`, its subject `objectId`, its
 * key `portalId:subscriptionId:eventId:objectId:occurredAt`. Signatures v1 and v2 are no HMACs and do not count.
 *
 * @see https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests
 */
export function hubspot(
  secretVariable: string,
  { toleranceSeconds = TOLERANCE_SECONDS }: { toleranceSeconds?: number } = {},
): Preset {
  const secret = textSecret(secretVariable, 'Client secret of the app')
  const signer = hmacSigner({
    header: 'x-hubspot-signature-v3',
    form: single(),
    encoding: 'base64',
    time: { header: 'x-hubspot-request-timestamp', unit: 'ms', toleranceSeconds },
    signed: '{method}{url}{body}{time}',
  })

  return {
    name: 'hubspot',
    secret,
    signatureHeaders: ['x-hubspot-signature-v3', 'x-hubspot-signature'],
    mediaTypes: ['application/json'],
    verify: (request, keys, nowMs) =>
      signer.verify({ ...request, url: decodeUrl(request.url) }, keys, nowMs),
    volatile: ['attemptNumber'],
    retries: true,

    // Webhooks of workflows and cards send one object in place of an array.
    read: ({ body }, data) =>
      typeof data === 'object' && data !== null && !Array.isArray(data)
        ? oneEvent(factsOf(data))
        : readElements(body, { data, most: MOST_ELEMENTS, facts: factsOf }),

    samples,
    compose: (sampling) => ({
      ...composeSigned(
        { ...sampling, url: decodeUrl(sampling.url) },
        {
          signer,
          keyOf: secret.keyOf,
          body: bodyOf(sampling),
          headers: { 'content-type': 'application/json' },
        },
      ),
      url: sampling.url,
    }),
  }
}

// HubSpot signs its URLs with these decoded, and nothing else.
const DECODED = /%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi

const decodeUrl = (url: string): string =>
  url.replaceAll(DECODED, (code) => String.fromCodePoint(Number.parseInt(code.slice(1), 16)))

function factsOf(element: unknown): EventFacts {
  return {
    key: keyOf(element) ?? textAt(element, 'callbackId'),
    type: textAt(element, 'subscriptionType') ?? 'unknown',
    subject: wordAt(element, 'objectId'),
    time: unixTime(valueAt(element, 'occurredAt'), 'ms'),
  }
}

// HubSpot does not promise that its ids of events are unique: account, object and time tell them apart. Without ids
// nothing does, as two enrolments in a workflow may say the same.
const NAMES = ['portalId', 'subscriptionId', 'eventId', 'objectId', 'occurredAt']

function keyOf(element: unknown): string | undefined {
  const [portalId, subscriptionId, eventId, ...others] = NAMES.map((name) => wordAt(element, name))
  if (subscriptionId === undefined || eventId === undefined) return undefined
  return [portalId, subscriptionId, eventId, ...others].map((word) => word ?? '').join(':')
}

// HubSpot's ids are numbers; that of a sample stands in the same place all the same.
const bodyOf = ({ data, id }: { data: unknown; id: string }): Uint8Array =>
  Array.isArray(data) ? jsonBody(data) : jsonBody([{ ...objectOf(data), eventId: id }])

const common = { subscriptionId: 25, portalId: 62_515, appId: 1_160_452, attemptNumber: 0 }

const samples = {
  'contact.creation': {
    ...common,
    subscriptionType: 'contact.creation',
    objectId: 1_246_965,
    occurredAt: 1_777_000_000_000,
    changeFlag: 'CREATED',
    changeSource: 'FORM',
  },
  'deal.propertyChange': {
    ...common,
    subscriptionType: 'deal.propertyChange',
    objectId: 88_120_044,
    occurredAt: 1_777_000_000_000,
    propertyName: 'dealstage',
    propertyValue: 'closedwon',
    changeSource: 'CRM_UI',
  },
}
