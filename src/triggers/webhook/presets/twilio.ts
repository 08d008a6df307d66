import { createHash } from 'node:crypto'
import { mediaTypeOf } from '../../../contracts/content.ts'
import { digestKey } from '../digest-key.ts'
import { type FormField, readForm } from '../form.ts'
import { accepted, digest, holds, mismatch, refused } from '../hmac.ts'
import { textAt } from '../body-readers.ts'
import { type EventFacts, oneEvent, type Preset } from '../preset.ts'
import type { RawRequest } from '../request.ts'
import { strictBase64, textSecret } from '../secret.ts'
import { headerFault } from '../signature-header.ts'
import { composeTwilio, samples } from './twilio-samples.ts'

const HEADER = 'x-twilio-signature'
const SIGNATURE_BYTES = 20
const FORM = 'application/x-www-form-urlencoded'

/**
 * Twilio webhooks: HMAC-SHA1 over the public URL and the sorted parameters; where the body is JSON, its hash stands in
 * the URL. The type is `message.<status>` or `call.<status>`, the subject who has written, else the SID, the key SID and
 * status, and of calls a digest of URL and parameters as well. No time is signed: only the key keeps a request from being replayed. Names and values run into each other in
 * what is signed, so that whether a parameter is there says nothing: decide by values only.
 *
 * @see https://www.twilio.com/docs/usage/security#validating-requests
 */
export function twilio(authTokenVariable: string): Preset {
  const secret = textSecret(authTokenVariable, 'Auth token of the account')

  return {
    name: 'twilio',
    secret,
    signatureHeaders: [HEADER],
    mediaTypes: [FORM, 'application/json'],
    // After a failure it calls the fallback URL, if there is one, and nothing else.
    retries: false,

    verify(request, keys) {
      const fault = headerFault(HEADER, request.headers[HEADER])
      if (fault !== undefined) return refused('header', fault)
      const given = strictBase64(request.headers[HEADER] ?? '')
      if (given?.length !== SIGNATURE_BYTES) {
        return refused(
          'header',
          `The header ${HEADER} holds no base64 of ${SIGNATURE_BYTES} bytes.`,
        )
      }
      const params = signedParams(request)
      if (!params.ok) return refused('body', params.reason)
      const urls = spellings(request.url)
      for (const [index, key] of keys.entries()) {
        const isSigned = urls.some((url) => holds([given], digest('sha1', key, [url, params.text])))
        if (isSigned) return accepted(index)
      }
      return mismatch(keys)
    },

    read: (request, data) => oneEvent(factsOf(request, data)),

    answer: () => ({
      status: 200,
      contentType: 'text/xml',
      body: '<?xml version="1.0" encoding="UTF-8"?><Response/>',
    }),

    samples,
    compose: (sampling) =>
      composeTwilio(sampling, (request, key) => {
        const params = signedParams(request)
        if (!params.ok) throw new Error(params.reason)
        return { [HEADER]: digest('sha1', key, [request.url, params.text]).toString('base64') }
      }),
  }
}

type SignedParams = { ok: true; text: string } | { ok: false; reason: string }

// Twilio appends it. Anywhere else in the URL it could be the text of a message, moved there out of the parameters.
const BODY_HASH = /[?&]bodySHA256=([0-9a-f]{64})$/i

function signedParams({
  url,
  headers,
  body,
}: Pick<RawRequest, 'url' | 'headers' | 'body'>): SignedParams {
  const hash = BODY_HASH.exec(url)?.[1]
  if (hash !== undefined) {
    const isBody = createHash('sha256').update(body).digest('hex') === hash.toLowerCase()
    if (isBody) return { ok: true, text: '' }
    return { ok: false, reason: 'The body has another SHA-256 than bodySHA256 in the URL.' }
  }
  const contentType = headers['content-type'] ?? FORM
  const fields = mediaTypeOf(contentType) === FORM ? readForm(body) : null
  if (fields !== null) return { ok: true, text: sorted(fields) }
  return { ok: false, reason: 'The body is no form, and the URL does not end in bodySHA256.' }
}

// As Twilio does it: by name, the different values of one name by value.
function sorted(fields: FormField[]): string {
  const byName = new Map<string, Set<string>>()
  for (const { name, value } of fields) {
    byName.set(name, (byName.get(name) ?? new Set()).add(value))
  }
  return [...byName]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([name, values]) => [...values].toSorted().map((value) => name + value))
    .join('')
}

// Twilio signs with or without the port, whichever way the URL was configured. `URL` would change more than that.
function spellings(url: string): [string, ...string[]] {
  const [, scheme, host, rest = ''] = /^(https?:\/\/)([^/?#]*)(.*)$/is.exec(url) ?? []
  if (scheme === undefined || host === undefined) return [url]
  const bare = host.replace(/:\d+$/, '')
  const port = scheme.toLowerCase() === 'https://' ? 443 : 80
  const others = new Set([url, `${scheme}${bare}:${port}${rest}`])
  return [`${scheme}${bare}${rest}`, ...others]
}

// The URL in one spelling, as its port proves nothing, and the parameters without anything between them: whatever of one
// could be moved to the other is the same. Where the body is JSON, the URL holds its hash.
function signedText(request: RawRequest): string {
  const params = signedParams(request)
  const [url] = spellings(request.url)
  return `${url}${params.ok ? params.text : ''}`
}

const MESSAGE_SID = /^(?:SM|MM)[0-9a-f]{32}$/i
const CALL_SID = /^CA[0-9a-f]{32}$/i
const STATUS = /^[a-z_-]{1,40}$/

function factsOf(request: RawRequest, data: unknown): EventFacts {
  const content = digestKey(signedText(request))
  const messageSid = textAt(data, 'MessageSid') ?? ''
  const messageStatus = textAt(data, 'MessageStatus') ?? textAt(data, 'SmsStatus') ?? ''
  if (MESSAGE_SID.test(messageSid) && STATUS.test(messageStatus)) {
    const from = messageStatus === 'received' ? textAt(data, 'From') : undefined
    return {
      key: `${messageSid}:${messageStatus}`,
      type: `message.${messageStatus}`,
      subject: from ?? messageSid,
    }
  }
  const callSid = textAt(data, 'CallSid') ?? ''
  const callStatus = textAt(data, 'CallStatus') ?? ''
  if (CALL_SID.test(callSid) && STATUS.test(callStatus)) {
    // One status comes in several requests: for what the caller types, for a recording, for the status itself.
    const key = `${callSid}:${callStatus}:${content}`
    return { key, type: `call.${callStatus}`, subject: callSid }
  }
  return { key: content, type: textAt(data, 'EventType') ?? textAt(data, 'type') ?? 'unknown' }
}
