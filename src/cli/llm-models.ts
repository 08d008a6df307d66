import { Models } from '../api/model-schemas.ts'
import type { ApiClient } from './api-client.ts'
import { EXIT } from './exit.ts'
import type { Print } from './print.ts'
import { table } from './table.ts'

/** `onset llm models`: tiers, providers with their breakers, and limits with what was observed of them. */
export async function showModels(
  client: ApiClient,
  { json, print }: { json: boolean; print: Print },
): Promise<number> {
  const { tiers, providers, limits } = Models.parse(await client.get('/api/models'))
  if (json) {
    print.json({ tiers, providers, limits })
    return EXIT.ok
  }
  const tables = [
    tiers.map(({ tier, models }) => ({ tier, models: models.join(', then ') })),
    providers.map((each) => ({
      provider: each.id,
      profile: each.profile,
      url: each.baseUrl,
      api: each.api,
      key: each.key,
      'at once': String(each.concurrency ?? ''),
      state: each.breaker === 'closed' ? 'in use' : `paused: ${each.reason}`,
      since: each.since ?? '',
      'next try': each.probeAt ?? '',
      why: each.message ?? '',
    })),
    limits.map((each) => ({
      model: `${each.provider}/${each.model}`,
      'requests/min': rateOf(each.rpm, each.observedRpm),
      'tokens/min': rateOf(each.tpm, each.observedTpm),
      share: `${Math.round(each.share * 100)} %`,
      wait: `${(each.waitMs / 1_000).toFixed(1)} s`,
      'paused until': each.pausedUntil ?? '',
    })),
  ]
  const shown = tables.filter((rows) => rows.length > 0).map((rows) => table(rows).join('\n'))
  print.line(shown.join('\n\n'))
  return EXIT.ok
}

function rateOf(configured: number | null, observed: number | null): string {
  const own = configured === null ? 'no limit' : String(configured)
  return observed === null ? own : `${own}; the provider says ${observed}`
}
