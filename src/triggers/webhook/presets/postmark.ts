import { randomBytes } from 'node:crypto'
import { pairKey, verifyBasic } from '../credentials.ts'
import { textAt } from '../body-readers.ts'
import { oneEvent, type Preset } from '../preset.ts'
import type { Secret } from '../secret.ts'
import { sampleWith } from './compose.ts'

// Postmark takes mail of 35 MB and hands attachments on in base64.
const LARGEST_BODY = 50 * 1024 * 1024

/**
 * Postmark's inbound mail, which nobody signs: user and password in the URL that is configured there, and Postmark's
 * addresses in the variable that `addresses` names. One event `inbound.email` for its recipient; the key is Postmark's
 * `MessageID`.
 *
 * @see https://postmarkapp.com/developer/webhooks/inbound-webhook
 */
export function postmark(
  credentialsVariable: string,
  { addresses }: { addresses: string },
): Preset {
  const secret: Secret = {
    variable: credentialsVariable,
    meaning: 'Credentials, user:password, as in the URL',
    keyOf: pairKey,
    make() {
      const pair = `postmark:${randomBytes(24).toString('hex')}`
      return { verifying: pair, signing: pair }
    },
  }

  return {
    name: 'postmark',
    secret,
    signatureHeaders: ['authorization'],
    mediaTypes: ['application/json'],
    limitBytes: LARGEST_BODY,
    addressesVariable: addresses,
    verify: verifyBasic,
    signsBody: false,
    stopsOn: [403],
    retries: true,

    read: (_, data) =>
      oneEvent({
        key: textAt(data, 'MessageID'),
        type: 'inbound.email',
        subject: textAt(data, 'OriginalRecipient') ?? textAt(data, 'To'),
        time: textAt(data, 'Date'),
      }),

    samples: {
      'inbound.email': {
        From: 'ada@example.com',
        FromName: 'Ada',
        To: 'support@inbound.example.net',
        OriginalRecipient: 'support@inbound.example.net',
        Subject: 'The invoice is wrong',
        Date: 'Fri, 24 Apr 2026 10:13:20 +0000',
        TextBody: 'Our last invoice has the old address on it. Could you send it again?',
        Attachments: [],
      },
    },
    compose: (sampling) => ({
      method: 'POST',
      url: sampling.url,
      headers: {
        'content-type': 'application/json',
        authorization: `Basic ${Buffer.from(sampling.secret).toString('base64')}`,
      },
      body: sampleWith(sampling.data, { MessageID: sampling.id }),
    }),
  }
}
