import type { Preset } from '../preset.ts'
import * as presets from './index.ts'

/** The presets that need nothing but a secret, by the names under which `onset verify` and `onset send` know them. */
export const presetsByName: Readonly<Record<string, (secretVariable: string) => Preset>> = {
  'standard-webhooks': presets.standardWebhooks,
  svix: presets.svix,
  openai: presets.openai,
  github: presets.github,
  stripe: presets.stripe,
  slack: presets.slack,
  shopify: presets.shopify,
  linear: presets.linear,
  latitude: presets.latitude,
  convoy: presets.convoy,
  hookdeck: presets.hookdeck,
  outpost: presets.outpost,
  'outpost-standard': (variable) => presets.outpost(variable, { mode: 'standard' }),
  hmac: presets.hmac,
  basic: presets.basic,
  bearer: presets.bearer,
  'client-certificate': (variable) =>
    presets.clientCertificate(variable, { header: 'x-client-certificate' }),
  hubspot: presets.hubspot,
  discord: presets.discord,
  'discord-events': presets.discordEvents,
  twilio: presets.twilio,
  sendgrid: presets.sendgrid,
  mailgun: presets.mailgun,
  postmark: (variable) => presets.postmark(variable, { addresses: 'POSTMARK_ADDRESSES' }),
  salesforce: (variable) =>
    presets.salesforce(variable, {
      header: 'x-client-certificate',
      addresses: 'SALESFORCE_ADDRESSES',
    }),
}

/** Other names that people may look for. */
const aliases: Readonly<Record<string, string>> = {
  standard: 'standard-webhooks',
  standardwebhooks: 'standard-webhooks',
  generic: 'hmac',
  mtls: 'client-certificate',
  'slack-events': 'slack',
  'slack-interactivity': 'slack',
  'slack-commands': 'slack',
  'hubspot-v3': 'hubspot',
  'discord-interactions': 'discord',
  'sendgrid-events': 'sendgrid',
  'mailgun-routes': 'mailgun',
  'postmark-inbound': 'postmark',
  'salesforce-outbound-messages': 'salesforce',
}

/** What makes the preset of this name or alias; undefined where nothing does. */
export function presetNamed(name: string): ((secretVariable: string) => Preset) | undefined {
  const own = Object.hasOwn(aliases, name) ? aliases[name] : name
  return own !== undefined && Object.hasOwn(presetsByName, own) ? presetsByName[own] : undefined
}
