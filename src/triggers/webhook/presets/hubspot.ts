import { digestKey } from '../digest-key.ts'
import { readElements } from '../elements.ts'
import { hmacSigner } from '../hmac.ts'
import { type EventFacts, jsonBody, oneEvent, type Preset, textAt, valueAt } from '../preset.ts'
import { textSecret } from '../secret.ts'
import { single } from '../signature-header.ts'
import { unixTime } from '../unix-time.ts'
import { composeHmac } from './compose.ts'

const TOLERANCE_SECONDS = 300
// HubSpot itself sends no more in one request.
const MOST_ELEMENTS = 100

/**
 * HubSpot webhooks, signature v3: HMAC over method, decoded URL, body and a time in milliseconds, at most 300 s old or
 * ahead. Each element of the array is an event of its own: its type is `subscriptionType`, its subject `objectId`, its
 * key `eventId:subscriptionId`. Signatures v1 and v2 are no HMACs and do not count.
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
        ? oneEvent(factsOf(data, body))
        : readElements(body, { data, most: MOST_ELEMENTS, facts: factsOf }),

    samples,
    compose: (sampling) => ({
      ...composeHmac(
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

function factsOf(element: unknown, bytes: Uint8Array): EventFacts {
  const eventId = wordAt(element, 'eventId')
  const subscriptionId = wordAt(element, 'subscriptionId')
  const named = eventId !== undefined && subscriptionId !== undefined
  return {
    key: named ? `${eventId}:${subscriptionId}` : digestKey(withoutAttempt(bytes)),
    type: textAt(element, 'subscriptionType') ?? 'unknown',
    subject: wordAt(element, 'objectId'),
    time: unixTime(valueAt(element, 'occurredAt'), 'ms'),
  }
}

// Larger numbers are not what was sent: two of them could seem to be the same.
function wordAt(element: unknown, name: string): string | undefined {
  const value = valueAt(element, name)
  return Number.isSafeInteger(value) ? String(value) : textAt(element, name)
}

const withoutAttempt = (bytes: Uint8Array): string =>
  new TextDecoder().decode(bytes).replaceAll(/"attemptNumber"\s*:\s*\d+/g, '')

// HubSpot's ids are numbers; that of a sample stands in the same place all the same.
const bodyOf = ({ data, id }: { data: unknown; id: string }): Uint8Array =>
  Array.isArray(data) ? jsonBody(data) : jsonBody([{ ...objectOf(data), eventId: id }])

const objectOf = (data: unknown): object => (typeof data === 'object' && data !== null ? data : {})

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
