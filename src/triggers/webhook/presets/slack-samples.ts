import { valueAt } from '../body-readers.ts'
import type { Sampling } from '../preset.ts'
import { sampleWith } from './compose.ts'

/** The two media types that Slack sends. */
export const JSON_TYPE = 'application/json'
/** That of interactivity and slash commands. */
export const FORM = 'application/x-www-form-urlencoded'

/** A sample in the shape that Slack would send it in: events in JSON, all else in a form. */
export function toBody({ data, id }: Sampling): { contentType: string; body: Uint8Array } {
  if (valueAt(data, 'event') !== undefined) {
    return { contentType: JSON_TYPE, body: sampleWith(data, { event_id: id }) }
  }
  const form =
    valueAt(data, 'command') === undefined
      ? { payload: new TextDecoder().decode(sampleWith(data, { trigger_id: id })) }
      : { ...textsOf(data), trigger_id: id }
  const body = new TextEncoder().encode(new URLSearchParams(form).toString())
  return { contentType: FORM, body }
}

const textsOf = (data: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries(Object(data)).map(([name, value]) => [name, String(value)]))

const user = { id: 'U061F7AUR', team_id: 'T061EG9R6' }

/** Data of typical events of Slack by type. */
export const samples = {
  app_mention: {
    type: 'event_callback',
    team_id: 'T061EG9R6',
    api_app_id: 'A0PNCHHK2',
    event_time: 1_777_000_000,
    event: {
      type: 'app_mention',
      user: 'U061F7AUR',
      text: '<@U0LAN0Z89> is the checkout down?',
      ts: '1777000000.000100',
      channel: 'C061EG9SL',
    },
  },
  reaction_added: {
    type: 'event_callback',
    team_id: 'T061EG9R6',
    api_app_id: 'A0PNCHHK2',
    event_time: 1_777_000_000,
    event: {
      type: 'reaction_added',
      user: 'U061F7AUR',
      reaction: 'eyes',
      item: { type: 'message', channel: 'C061EG9SL', ts: '1777000000.000100' },
    },
  },
  block_actions: {
    type: 'block_actions',
    user,
    channel: { id: 'C061EG9SL', name: 'oncall' },
    response_url: 'https://hooks.slack.com/actions/T061EG9R6/1/for-samples-only',
    actions: [{ action_id: 'approve', block_id: 'decision', type: 'button', value: '7' }],
  },
  slash_command: {
    command: '/triage',
    text: 'acme/widgets#7',
    team_id: 'T061EG9R6',
    channel_id: 'C061EG9SL',
    user_id: 'U061F7AUR',
    response_url: 'https://hooks.slack.com/commands/T061EG9R6/1/for-samples-only',
  },
}
