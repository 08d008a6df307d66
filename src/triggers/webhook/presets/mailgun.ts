import { mediaTypeOf } from '../../../contracts/content.ts'
import { findInForm } from '../form.ts'
import { accepted, digest, holds, mismatch, refused } from '../hmac.ts'
import { fieldOf, textOf } from '../mail-form.ts'
import { readFirstParts } from '../multipart.ts'
import { oneEvent, type Preset } from '../preset.ts'
import type { RawRequest } from '../request.ts'
import { strictHex, textSecret } from '../secret.ts'
import { readSignedTime } from '../signed-time.ts'
import { unixTime } from '../unix-time.ts'
import { composeMailgun, samples } from './mailgun-samples.ts'

const TOLERANCE_SECONDS = 300
// A message of 25 MB, and its text a second time.
const LARGEST_BODY = 30 * 1024 * 1024
const FORM = 'application/x-www-form-urlencoded'
const SIGNATURE_BYTES = 32
const SIGNED_FIELDS = ['timestamp', 'token', 'signature']

/**
 * Mail by Mailgun's routes: HMAC over the fields `timestamp` and `token`, at most 300 s old or ahead. **Nobody signs
 * the mail itself**: whoever sees one request can send another mail in its place until its token has been used. Name
 * Mailgun's addresses in `addresses`. One event `inbound.email` for its recipient, as JSON with its attachments as
 * `files`; its key is the token.
 *
 * @see https://documentation.mailgun.com/docs/mailgun/user-manual/receive-forward-store/receive-http
 */
export function mailgun(
  signingKeyVariable: string,
  {
    toleranceSeconds = TOLERANCE_SECONDS,
    addresses,
  }: { toleranceSeconds?: number; addresses?: string } = {},
): Preset {
  const secret = textSecret(signingKeyVariable, 'HTTP webhook signing key')

  return {
    name: 'mailgun',
    secret,
    signatureHeaders: [],
    mediaTypes: [FORM, 'multipart/form-data'],
    limitBytes: LARGEST_BODY,
    ...(addresses === undefined ? {} : { addressesVariable: addresses }),
    maskedMembers: ['signature', 'token'],
    stopsOn: [406],
    retries: true,
    // Each attempt has a token of its own, which is left out of the event: the same mail is the same content.
    keyIsUnsigned: true,

    verify(request, keys, nowMs) {
      const fields = signedFields(request)
      if (fields === null) {
        const names = SIGNED_FIELDS.join(', ')
        return refused('body', `The body is no form with each of the fields ${names} once.`)
      }
      const given = strictHex(fields.signature)
      if (given?.length !== SIGNATURE_BYTES || !/^[0-9A-Za-z]{1,128}$/.test(fields.token)) {
        return refused('body', 'The fields token and signature do not have the form of any.')
      }
      const { timestamp, token } = fields
      const time = readSignedTime(timestamp, { unit: 's', toleranceSeconds }, nowMs)
      if (!time.ok) return refused('time', time.reason)
      for (const [index, key] of keys.entries()) {
        if (holds([given], digest('sha256', key, [timestamp, token])))
          return accepted(index, time.ms)
      }
      return mismatch(keys)
    },

    opening: { as: 'mail', without: SIGNED_FIELDS },

    read(request, mail) {
      const { timestamp, token } = signedFields(request) ?? {}
      return oneEvent({
        key: token,
        type: 'inbound.email',
        time: unixTime(Number(timestamp), 's'),
        subject: fieldOf(mail, 'recipient'),
        ...(mail === undefined ? { unreadable: true } : {}),
      })
    },

    samples,
    compose: (sampling) => composeMailgun(sampling, secret.keyOf),
  }
}

interface SignedFields {
  timestamp: string
  token: string
  signature: string
}

// The only bytes that are looked at before anything is verified. Of parts no more than it takes to find the three: what
// stands behind them under one of their names is no part of the mail.
function signedFields({ headers, body }: RawRequest): SignedFields | null {
  const contentType = headers['content-type'] ?? ''
  const isForm = mediaTypeOf(contentType) === FORM
  const parts = isForm ? [] : readFirstParts(SIGNED_FIELDS, { contentType, body })
  if (parts === null) return null
  const only = (name: string): string | undefined => {
    if (!isForm) return textOf(parts, name)
    const [value, second] = findInForm(body, name)
    return second === undefined ? value : undefined
  }
  // What is missing ends the search: each field costs a walk through 30 MB that anybody may have sent.
  const timestamp = only('timestamp')
  const token = timestamp === undefined ? undefined : only('token')
  const signature = token === undefined ? undefined : only('signature')
  if (timestamp === undefined || token === undefined || signature === undefined) return null
  return { timestamp, token, signature }
}
