import { readContent } from '../../../contracts/content.ts'
import { textAt, valueAt } from '../body-readers.ts'
import { type EventFacts, oneEvent, type Preset } from '../preset.ts'
import { jsonAnswer } from '../request.ts'
import { pkcs8Key } from '../secret.ts'
import { unixTime } from '../unix-time.ts'
import { composeSigned, sampleWith } from './compose.ts'
import { discordSignature } from './discord-signature.ts'

const TOLERANCE_SECONDS = 300
// So long can an interaction be answered with its token.
const TOKEN_MINUTES = 15

const PING = 1
const COMMAND = 2
const COMPONENT = 3
const AUTOCOMPLETE = 4
const MODAL = 5

const PONG = 1
const DEFERRED_MESSAGE = 5
const AUTOCOMPLETE_RESULT = 8

/**
 * Discord interactions: Ed25519 over time and body, at most 300 s old or ahead. The type is `command.<name>`,
 * `autocomplete.<name>`, `component` or `modal`, the key the interaction's id, the subject the component's `custom_id`
 * or the channel. The answer defers: the run has 15 minutes to edit the message with the interaction's token.
 *
 * @see https://docs.discord.com/developers/interactions/overview
 */
export function discord(
  publicKeyVariable: string,
  { toleranceSeconds = TOLERANCE_SECONDS }: { toleranceSeconds?: number } = {},
): Preset {
  const { secret, signer, signatureHeaders } = discordSignature(publicKeyVariable, {
    toleranceSeconds,
  })

  return {
    name: 'discord',
    secret,
    signatureHeaders,
    mediaTypes: ['application/json'],
    verify: signer.verify,
    // Discord tries bad ones on purpose and removes the URL where they are not refused like this.
    alwaysUnauthorized: true,
    maskedMembers: ['token'],
    // The user sees an error at once, and nothing comes a second time.
    retries: false,
    expiresAfterMinutes: TOKEN_MINUTES,

    read(_, data) {
      if (valueAt(data, 'type') === PING) {
        return { outcome: 'handshake', answer: jsonAnswer({ type: PONG }) }
      }
      return oneEvent(factsOf(data))
    },

    answer(_, { request }) {
      const content = readContent('application/json', request.body)
      const isAutocomplete = content.readable && valueAt(content.data, 'type') === AUTOCOMPLETE
      return jsonAnswer(
        isAutocomplete
          ? { type: AUTOCOMPLETE_RESULT, data: { choices: [] } }
          : { type: DEFERRED_MESSAGE },
      )
    },

    samples,
    compose: (sampling) =>
      composeSigned(sampling, {
        signer,
        keyOf: pkcs8Key,
        body: sampleWith(sampling.data, { id: sampling.id }),
        headers: { 'content-type': 'application/json' },
      }),
  }
}

function factsOf(interaction: unknown): EventFacts {
  const id = textAt(interaction, 'id')
  return {
    key: id,
    type: typeOf(interaction),
    subject: textAt(interaction, 'data', 'custom_id') ?? textAt(interaction, 'channel_id'),
    time: id === undefined ? undefined : timeOf(id),
  }
}

function typeOf(interaction: unknown): string {
  const name = textAt(interaction, 'data', 'name') ?? 'unknown'
  switch (valueAt(interaction, 'type')) {
    case COMMAND:
      return `command.${name}`
    case AUTOCOMPLETE:
      return `autocomplete.${name}`
    case COMPONENT:
      return 'component'
    case MODAL:
      return 'modal'
    default:
      return 'unknown'
  }
}

// Discord's ids begin with the milliseconds since 2015, 22 bits from their end.
const DISCORD_EPOCH_MS = 1_420_070_400_000n

const timeOf = (id: string): string | undefined =>
  /^\d{17,20}$/.test(id)
    ? unixTime(Number((BigInt(id) >> 22n) + DISCORD_EPOCH_MS), 'ms')
    : undefined

const common = {
  application_id: '845027738276462632',
  channel_id: '645027906669510667',
  guild_id: '290926798626357999',
  member: { user: { id: '53908232506183680', username: 'mason' } },
  token: 'a-token-for-samples-only',
  version: 1,
}

const samples = {
  'command.triage': {
    ...common,
    type: COMMAND,
    data: {
      id: '771825006014889984',
      name: 'triage',
      type: 1,
      options: [{ name: 'issue', type: 4, value: 7 }],
    },
  },
  component: {
    ...common,
    type: COMPONENT,
    data: { custom_id: 'approve-7', component_type: 2 },
    message: { id: '908401724531535872', content: 'Shall we page the person on call?' },
  },
  'autocomplete.triage': {
    ...common,
    type: AUTOCOMPLETE,
    data: {
      id: '771825006014889984',
      name: 'triage',
      type: 1,
      options: [{ name: 'issue', type: 4, value: '7', focused: true }],
    },
  },
  modal: {
    ...common,
    type: MODAL,
    data: { custom_id: 'report', components: [] },
  },
}
