import { defineSource } from '../define.ts'
import { githubSignature } from '../webhook/presets/github.ts'
import { webhook } from '../webhook/webhook.ts'

/** Webhooks of GitHub repositories and organisations. */
export const github = defineSource({
  name: 'github',
  kind: webhook({ verify: githubSignature('GITHUB_WEBHOOK_SECRET') }),
  samples: {
    'issues.opened': {
      action: 'opened',
      issue: {
        number: 7,
        title: 'Checkout is down in production',
        body: 'Every payment fails with a 500 since the last deployment. Orders are being lost.',
      },
      repository: { full_name: 'acme/widgets' },
    },
  },
})
