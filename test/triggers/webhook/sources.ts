import { defineSource, type Source } from '../../../src/triggers/define.ts'
import { github, standardWebhooks } from '../../../src/triggers/webhook/presets/index.ts'
import { webhook } from '../../../src/triggers/webhook/webhook.ts'

/** Networks for the source `listed`: the addresses of documents. */
export const LISTED_ADDRESSES = '192.0.2.0/24, 2001:db8::/32'

/** A source that delivers again, one that does not, one with a list of addresses, and one that is always told 401. */
export const sources: Source[] = [
  defineSource({ name: 'github', kind: webhook({ verify: github('GITHUB_WEBHOOK_SECRET') }) }),
  defineSource({
    name: 'reviews',
    kind: webhook({ verify: standardWebhooks('REVIEWS_WEBHOOK_SECRET') }),
  }),
  defineSource({
    name: 'listed',
    kind: webhook({
      verify: standardWebhooks('REVIEWS_WEBHOOK_SECRET'),
      addresses: 'LISTED_ADDRESSES',
    }),
  }),
  defineSource({
    name: 'tried',
    kind: webhook({
      verify: { ...standardWebhooks('REVIEWS_WEBHOOK_SECRET'), alwaysUnauthorized: true },
    }),
  }),
]
