import { mediaTypeOf } from '../../../contracts/content.ts'
import { digestKey } from '../digest-key.ts'
import { findInForm } from '../form.ts'
import { hmacSigner } from '../hmac.ts'
import { textAt, valueAt } from '../body-readers.ts'
import { type EventFacts, oneEvent, type Preset, type Reading } from '../preset.ts'
import { emptyAnswer, jsonAnswer } from '../request.ts'
import { textSecret } from '../secret.ts'
import { single } from '../signature-header.ts'
import { unixTime } from '../unix-time.ts'
import { composeSigned } from './compose.ts'
import { FORM, JSON_TYPE, samples, toBody } from './slack-samples.ts'

const TOLERANCE_SECONDS = 300

/**
 * Slack: HMAC over version, time and body, at most 300 s old or ahead. One secret, three shapes, told apart by their
 * content: events (type `event.type`, key `event_id`), interactivity in a form's `payload` (type `payload.type`) and
 * slash commands in a flat form (type `slash_command`, subject the command); the key of the latter two is their
 * `trigger_id`, else a digest of the body. `url_verification` and `ssl_check` are answered and not kept.
 *
 * @see https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
export function slack(
  secretVariable: string,
  { toleranceSeconds = TOLERANCE_SECONDS }: { toleranceSeconds?: number } = {},
): Preset {
  const secret = textSecret(secretVariable)
  const signer = hmacSigner({
    header: 'x-slack-signature',
    form: single('v0='),
    encoding: 'hex',
    time: { header: 'x-slack-request-timestamp', unit: 's', toleranceSeconds },
    signed: 'v0:{time}:{body}',
  })

  return {
    name: 'slack',
    secret,
    signatureHeaders: ['x-slack-signature'],
    mediaTypes: [JSON_TYPE, FORM],
    verify: signer.verify,
    maskedMembers: ['response_url', 'token'],
    // Nothing comes again after a click or a command, and events do for six minutes only.
    retries: false,

    // How Slack tries out a certificate: the one thing that it does not sign, whatever else stands in the form.
    unsigned: ({ headers, body }) =>
      isForm(headers) && findInForm(body, 'ssl_check').join() === '1' ? emptyAnswer(200) : null,

    read({ headers, body }, data) {
      // Nobody signs the content type: what is JSON by its first byte is no form, whatever its header says.
      if (isForm(headers)) {
        return beginsAsJson(body)
          ? oneEvent({ type: 'unknown', unreadable: true })
          : readForm(data, body)
      }
      if (valueAt(data, 'type') === 'url_verification') {
        const challenge = textAt(data, 'challenge') ?? ''
        return { outcome: 'handshake', answer: jsonAnswer({ challenge }) }
      }
      return oneEvent(eventFacts(data, body))
    },

    // Anything else in it would be shown to whoever typed a command.
    answer: () => emptyAnswer(200),

    samples,
    compose(sampling) {
      const { contentType, body } = toBody(sampling)
      return composeSigned(sampling, {
        signer,
        keyOf: secret.keyOf,
        body,
        headers: { 'content-type': contentType },
      })
    },
  }
}

const isForm = (headers: Record<string, string>): boolean =>
  mediaTypeOf(headers['content-type'] ?? '') === FORM

const beginsAsJson = (body: Uint8Array): boolean =>
  /^\s*\{/.test(Buffer.from(body.subarray(0, 64)).toString('latin1'))

function eventFacts(data: unknown, body: Uint8Array): EventFacts {
  const channel = textAt(data, 'event', 'channel') ?? textAt(data, 'event', 'item', 'channel')
  return {
    key: textAt(data, 'event_id') ?? digestKey(body),
    // `app_rate_limited` and the like have no event within.
    type: textAt(data, 'event', 'type') ?? textAt(data, 'type') ?? 'unknown',
    subject: channel ?? textAt(data, 'event', 'user'),
    time: unixTime(valueAt(data, 'event_time'), 's'),
  }
}

function readForm(data: unknown, body: Uint8Array): Reading {
  const key = textAt(data, 'trigger_id') ?? digestKey(body)
  const command = textAt(data, 'command')
  if (command !== undefined) return oneEvent({ key, type: 'slash_command', subject: command })
  return oneEvent({
    key,
    type: textAt(data, 'type') ?? 'unknown',
    subject: textAt(data, 'channel', 'id') ?? textAt(data, 'user', 'id'),
  })
}
