import { createHash, type KeyObject } from 'node:crypto'
import type { ComposedRequest, Sampling } from '../preset.ts'
import { jsonBody } from './compose.ts'
import { textSecret } from '../secret.ts'

type Sign = (request: Omit<ComposedRequest, 'method'>, key: KeyObject) => Record<string, string>

/** A sample as Twilio would send it: a form, or, where the data are no flat text, JSON with its hash in the URL. */
export function composeTwilio(sampling: Sampling, sign: Sign): ComposedRequest {
  const key = textSecret('').keyOf(sampling.secret)
  if (typeof key === 'string') throw new Error(`The secret ${key}.`)
  const unsigned = isFlat(sampling.data)
    ? form(sampling, sampling.data)
    : json(sampling, jsonBody(sampling.data))
  const headers = { ...unsigned.headers, ...sign(unsigned, key) }
  return { method: 'POST', ...unsigned, headers }
}

const isFlat = (data: unknown): data is Record<string, string> =>
  typeof data === 'object' &&
  data !== null &&
  Object.values(data).every((value) => typeof value === 'string')

function form(
  { url, id }: Sampling,
  data: Record<string, string>,
): Omit<ComposedRequest, 'method'> {
  const sid = createHash('sha256').update(id).digest('hex').slice(0, 32)
  const params = new URLSearchParams(data)
  if (params.has('MessageSid')) params.set('MessageSid', `SM${sid}`)
  if (params.has('CallSid')) params.set('CallSid', `CA${sid}`)
  return {
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' },
    body: new TextEncoder().encode(params.toString()),
  }
}

function json({ url }: Sampling, body: Uint8Array): Omit<ComposedRequest, 'method'> {
  const hash = createHash('sha256').update(body).digest('hex')
  return {
    url: `${url}${url.includes('?') ? '&' : '?'}bodySHA256=${hash}`,
    headers: { 'content-type': 'application/json' },
    body,
  }
}

// A SID of samples: each of them gets its own.
const NOBODY = '0'.repeat(32)
const common = { AccountSid: `AC${NOBODY}`, ApiVersion: '2010-04-01' }

/** Typical requests of Twilio by the type of their event. */
export const samples = {
  'message.received': {
    ...common,
    MessageSid: `SM${NOBODY}`,
    SmsStatus: 'received',
    From: '+14158675309',
    To: '+18005551212',
    Body: 'The checkout is down again. Can somebody look?',
    NumMedia: '0',
  },
  'message.delivered': {
    ...common,
    MessageSid: `SM${NOBODY}`,
    MessageStatus: 'delivered',
    From: '+18005551212',
    To: '+14158675309',
  },
  'call.ringing': {
    ...common,
    CallSid: `CA${NOBODY}`,
    CallStatus: 'ringing',
    Direction: 'inbound',
    From: '+14158675309',
    To: '+18005551212',
  },
}
