import { defineSource } from '../define.ts'
import * as presets from '../webhook/presets/index.ts'
import { webhook } from '../webhook/webhook.ts'

/** Webhooks of GitHub repositories and organisations. */
export const github = defineSource({
  name: 'github',
  kind: webhook({ verify: presets.github('GITHUB_WEBHOOK_SECRET') }),
})
