import { defineSource } from '../define.ts'
import { standardWebhooks } from '../webhook/presets/standard-webhooks.ts'
import { webhook } from '../webhook/webhook.ts'

/** Webhooks of a review tool that signs in the Standard Webhooks form. */
export const reviews = defineSource({
  name: 'reviews',
  kind: webhook({ verify: standardWebhooks('REVIEWS_WEBHOOK_SECRET') }),
  samples: {
    'review.submitted': {
      type: 'review.submitted',
      subject: 'acme/widgets#8',
      data: { verdict: 'approved', by: 'grace' },
    },
  },
})
