import { createHmac, generateKeyPairSync, sign, verify } from 'node:crypto'
import { independentSigners } from '../triggers/webhook/independent-signers.ts'

/** What a sender signs. */
export interface ToSign {
  body: Uint8Array
  method: string
  url: string
  /** What it calls the event. */
  id: string
}

/** What a request came with that was kept. */
export interface Kept {
  method: string
  url: string
  headers: Record<string, string>
  /** As it came over the wire. */
  body: Uint8Array
  /** Whether `PASSWORD` was sent on a connection that asked for its URL: no event keeps it. */
  showedPassword: boolean
}

/** A provider, written down from its documents and nothing of ours. */
export interface Signer {
  contentType: string
  /** A body of its own for each event. */
  body(id: string): string
  sign(toSign: ToSign): Record<string, string>
  /** Whether a request says by a signature of its own that it is from the provider. */
  hasSigned(kept: Kept): boolean
}

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const SECRET = 'a secret for tests only and long enough'
const CREDENTIALS = 'postmark:a password for tests only'
/** User and password as they stand in a header. */
export const PASSWORD = Buffer.from(CREDENTIALS).toString('base64')
const FINGERPRINT = 'ab'.repeat(32)

/** What the server is configured with. */
export const secrets = {
  GITHUB_SECRET: SECRET,
  REVIEWS_SECRET: `whsec_${Buffer.from(SECRET).toString('base64')}`,
  STRIPE_SECRET: SECRET,
  SLACK_SECRET: SECRET,
  HUBSPOT_SECRET: SECRET,
  TWILIO_SECRET: SECRET,
  SENDGRID_SECRET: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  SALESFORCE_SECRET: FINGERPRINT,
  POSTMARK_SECRET: CREDENTIALS,
  BILLING_SECRET: SECRET,
}

const JSON_TYPE = 'application/json'
const event = (id: string): string =>
  JSON.stringify({ type: 'intake.tested', id, text: 'é "x" \n' })
const nowSeconds = (): string => String(Math.floor(Date.now() / 1_000))

/** The providers by the names of their sources. */
export const signers: Record<string, Signer> = {
  github: keyed('github', { body: event }),
  reviews: keyed('standard-webhooks', {
    secret: secrets.REVIEWS_SECRET,
    body: event,
    id: 'webhook-id',
    time: /^\d+$/,
    timeHeader: 'webhook-timestamp',
  }),
  stripe: keyed('stripe', { body: event, time: /t=(\d+)/, timeHeader: 'stripe-signature' }),
  slack: keyed('slack', {
    body: (id) =>
      JSON.stringify({ type: 'event_callback', event_id: id, event: { type: 'tested' } }),
    time: /^\d+$/,
    timeHeader: 'x-slack-request-timestamp',
  }),
  hubspot: keyed('hubspot', {
    body: (id) => JSON.stringify([1, 2].map((subscriptionId) => ({ eventId: id, subscriptionId }))),
    time: /^\d+$/,
    timeHeader: 'x-hubspot-request-timestamp',
    unit: 'ms',
  }),
  twilio: {
    contentType: 'application/x-www-form-urlencoded',
    body: (id) => new URLSearchParams({ From: '+1415', Body: `a=b&c ${id}` }).toString(),
    sign: ({ url, body }) => ({ 'x-twilio-signature': twilioMac(url, body) }),
    hasSigned: ({ url, body, headers }) => headers['x-twilio-signature'] === twilioMac(url, body),
  },
  sendgrid: {
    contentType: JSON_TYPE,
    body: (id) => JSON.stringify([{ event: 'tested', sg_event_id: id, email: 'ada@example.com' }]),
    sign({ body }) {
      const time = nowSeconds()
      const signed = Buffer.concat([Buffer.from(time), body])
      return {
        'x-twilio-email-event-webhook-timestamp': time,
        'x-twilio-email-event-webhook-signature': sign('sha256', signed, privateKey).toString(
          'base64',
        ),
      }
    },
    hasSigned({ headers, body }) {
      const time = headers['x-twilio-email-event-webhook-timestamp'] ?? ''
      const signature = headers['x-twilio-email-event-webhook-signature'] ?? ''
      const signed = Buffer.concat([Buffer.from(time), body])
      return verify('sha256', signed, publicKey, Buffer.from(signature, 'base64'))
    },
  },
  salesforce: {
    contentType: 'text/xml',
    body: (id) =>
      '<Envelope><Body><notifications><Notification>' +
      `<Id>${id}</Id><sObject type="sf:Case"><Id>500</Id></sObject>` +
      '</Notification></notifications></Body></Envelope>',
    sign: () => ({ 'x-client-certificate': FINGERPRINT }),
    hasSigned: ({ headers }) =>
      headers['x-client-certificate']?.toLowerCase().replaceAll(':', '') === FINGERPRINT,
  },
  postmark: {
    contentType: JSON_TYPE,
    body: (id) => JSON.stringify({ MessageID: id, To: 'a@example.com', TextBody: 'é' }),
    sign: () => ({ authorization: `Basic ${PASSWORD}` }),
    hasSigned: ({ showedPassword }) => showedPassword,
  },
  billing: {
    contentType: JSON_TYPE,
    body: event,
    sign({ method, body }) {
      const time = nowSeconds()
      return {
        'x-billing-time': time,
        'x-billing-signature': `v1=${billingMac(method, time, body)}`,
      }
    },
    hasSigned({ method, headers, body }) {
      const { 'x-billing-time': time = '', 'x-billing-signature': given } = headers
      return given === `v1=${billingMac(method, time, body)}`
    },
  },
}

interface Keyed {
  body(id: string): string
  secret?: string
  /** The header with the id that is signed. */
  id?: string
  /** Finds the time in its header. */
  time?: RegExp
  timeHeader?: string
  unit?: 's' | 'ms'
}

// What differs between those that sign with an HMAC is written down elsewhere.
function keyed(
  provider: string,
  { body, secret = SECRET, id: idHeader, time, timeHeader = '', unit = 's' }: Keyed,
): Signer {
  const signWith = independentSigners[provider]
  if (signWith === undefined) throw new Error(`Expected a signer of ${provider}.`)
  return {
    contentType: JSON_TYPE,
    body,
    sign: ({ id, ...request }) =>
      signWith({ secret, id, time: unit === 'ms' ? String(Date.now()) : nowSeconds(), ...request }),
    hasSigned({ headers, ...request }) {
      const found = time?.exec(headers[timeHeader] ?? '')
      const said = found?.[1] ?? found?.[0] ?? ''
      const id = headers[idHeader ?? ''] ?? ''
      const expected = signWith({ secret, id, time: said, ...request })
      // Some may have several signatures in a header, of which one is enough.
      return Object.entries(expected).every(([name, value]) => holds(headers[name] ?? '', value))
    },
  }
}

const holds = (given: string, expected: string): boolean =>
  expected.split(/[, ]/).every((part) => given.split(/[, ]/).includes(part))

const billingMac = (method: string, time: string, body: Uint8Array): string =>
  createHmac('sha256', SECRET).update(`${method}.${time}.`).update(body).digest('hex')

function twilioMac(url: string, body: Uint8Array): string {
  const fields = [...new URLSearchParams(Buffer.from(body).toString())]
  const distinct = new Map(fields.map(([name, value]) => [`${name}\0${value}`, name + value]))
  const sorted = [...distinct].toSorted(([one], [other]) => (one < other ? -1 : 1))
  return createHmac('sha1', SECRET)
    .update(url + sorted.map(([, text]) => text).join(''))
    .digest('base64')
}
