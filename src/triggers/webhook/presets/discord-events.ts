import { digestKey } from '../digest-key.ts'
import { textAt, valueAt } from '../body-readers.ts'
import { oneEvent, type Preset } from '../preset.ts'
import { emptyAnswer } from '../request.ts'
import { pkcs8Key } from '../secret.ts'
import { composeSigned, objectOf, sampleWith } from './compose.ts'
import { discordSignature } from './discord-signature.ts'

const TOLERANCE_SECONDS = 300
const PING = 0

/**
 * Discord webhook events: Ed25519 over time and body, at most 300 s old or ahead. The type is `event.type`, the subject
 * the user whom it is about. Discord gives no id: the key is a digest of the body, which has the time of the event in it.
 *
 * @see https://docs.discord.com/developers/events/webhook-events
 */
export function discordEvents(
  publicKeyVariable: string,
  { toleranceSeconds = TOLERANCE_SECONDS }: { toleranceSeconds?: number } = {},
): Preset {
  const { secret, signer, signatureHeaders } = discordSignature(publicKeyVariable, {
    toleranceSeconds,
  })

  return {
    name: 'discord-events',
    secret,
    signatureHeaders,
    mediaTypes: ['application/json'],
    verify: signer.verify,
    // Discord tries bad ones on purpose and removes the URL where they are not refused like this.
    alwaysUnauthorized: true,
    retries: true,

    read({ body }, data) {
      if (valueAt(data, 'type') === PING) {
        return { outcome: 'handshake', answer: emptyAnswer(204) }
      }
      return oneEvent({
        key: digestKey(body),
        type: textAt(data, 'event', 'type') ?? 'unknown',
        subject:
          textAt(data, 'event', 'data', 'user', 'id') ?? textAt(data, 'event', 'data', 'user_id'),
        time: textAt(data, 'event', 'timestamp'),
      })
    },

    answer: () => emptyAnswer(204),

    samples,
    compose(sampling) {
      const { data, id, now } = sampling
      const event = { ...objectOf(valueAt(data, 'event')), timestamp: now.toISOString() }
      // Samples differ by their id, as events of one millisecond otherwise would not.
      const body = sampleWith(data, { event, sample: id })
      const headers = { 'content-type': 'application/json' }
      return composeSigned(sampling, { signer, keyOf: pkcs8Key, body, headers })
    },
  }
}

const common = { version: 1, application_id: '845027738276462632', type: 1 }
const user = { id: '53908232506183680', username: 'mason' }

const samples = {
  APPLICATION_AUTHORIZED: {
    ...common,
    event: {
      type: 'APPLICATION_AUTHORIZED',
      data: { integration_type: 1, scopes: ['applications.commands'], user },
    },
  },
  ENTITLEMENT_CREATE: {
    ...common,
    event: {
      type: 'ENTITLEMENT_CREATE',
      data: { id: '1234505980407808808', sku_id: '1234489250789294161', user_id: user.id },
    },
  },
}
