import { defineSource, type Source } from '../../src/triggers/define.ts'
import * as presets from '../../src/triggers/webhook/presets/index.ts'
import { webhook } from '../../src/triggers/webhook/webhook.ts'

/** One source for each way to sign, to read and to answer. */
export const sources: Source[] = Object.entries({
  github: presets.github('GITHUB_SECRET'),
  reviews: presets.standardWebhooks('REVIEWS_SECRET'),
  stripe: presets.stripe('STRIPE_SECRET'),
  slack: presets.slack('SLACK_SECRET'),
  hubspot: presets.hubspot('HUBSPOT_SECRET'),
  twilio: presets.twilio('TWILIO_SECRET'),
  sendgrid: presets.sendgrid('SENDGRID_SECRET'),
  salesforce: presets.salesforce('SALESFORCE_SECRET', {
    header: 'x-client-certificate',
    addresses: 'LOOPBACK',
  }),
  postmark: presets.postmark('POSTMARK_SECRET', { addresses: 'LOOPBACK' }),
  billing: presets.hmac('BILLING_SECRET', {
    header: 'x-billing-signature',
    prefix: 'v1=',
    signed: '{method}.{time}.{body}',
    time: { header: 'x-billing-time', unit: 's' },
  }),
}).map(([name, verify]) => defineSource({ name, kind: webhook({ verify }) }))
