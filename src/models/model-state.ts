import type { Pool } from 'pg'
import type { BreakerReason } from './breaker-signals.ts'
import type { Candidate, ModelConfig } from './model-config.ts'

/** Providers and tiers as configured, and how they fare. */
export interface ModelState {
  /** In the order in which they are tried, as `provider/model`. */
  tiers: { tier: string; models: string[] }[]
  providers: ProviderState[]
  limits: LimitState[]
}

interface ProviderState {
  id: string
  profile: string
  /** Without a password that it may contain. */
  baseUrl: string
  api: 'chat' | 'responses'
  /** Where the key stands. */
  key: string
  /** Calls under way at once; null without a limit of its own. */
  concurrency: number | null
  breaker: 'closed' | 'open'
  reason: BreakerReason | null
  message: string | null
  /** ISO 8601: since when it is open. */
  since: string | null
  /** ISO 8601: when the next call tries. */
  probeAt: string | null
}

interface LimitState {
  provider: string
  model: string
  /** Per minute, as configured; null without a limit. */
  rpm: number | null
  tpm: number | null
  /** Per minute, as the provider says; null where it has said nothing. */
  observedRpm: number | null
  observedTpm: number | null
  /** The share of the rate that is used: less than 1 after refusals and outages. */
  share: number
  /** How long a call that comes now waits, in milliseconds. */
  waitMs: number
  /** ISO 8601: the provider wants nothing before; null where it does not mind. */
  pausedUntil: string | null
}

/** How providers, their breakers and their limits stand at this moment, for all workers. */
export async function readModelState(pool: Pool, config: ModelConfig): Promise<ModelState> {
  const { tiers, providers, standIn } = config
  const [breakers, limits] = await Promise.all([
    pool.query<BreakerState>(BREAKERS),
    pool.query<{ key: string; provider: string; limit: LimitState }>(LIMITS),
  ])
  const shown = standIn === null ? [...providers.values()] : [standIn.provider]
  return {
    tiers: [...tiers].map(([tier, candidates]) => ({
      tier,
      models: (standIn === null ? candidates : [standIn]).map(nameOf),
    })),
    providers: shown.map(({ id, profile, baseUrl, api, key, limits: { concurrency = null } }) => {
      const row = breakers.rows.find((each) => each.provider === id && each.key === key)
      const { breaker = 'closed', reason = null, message = null } = row ?? {}
      const { since = null, probeAt = null } = row ?? {}
      const standing = { breaker, reason, message, since, probeAt }
      return { id, profile, baseUrl: plainUrl(baseUrl), api, key, concurrency, ...standing }
    }),
    limits: limits.rows
      .filter(({ provider, key }) => shown.some((each) => each.id === provider && each.key === key))
      .map(({ limit }) => limit),
  }
}

interface BreakerState extends Omit<
  ProviderState,
  'id' | 'profile' | 'baseUrl' | 'api' | 'concurrency'
> {
  provider: string
}

// What was wrong before a breaker closed is of no interest.
const BREAKERS = `
  select provider, key, state as breaker,
    case when state = 'open' then reason end as reason, case when state = 'open' then message end as message,
    case when state = 'open' then since end as since, probe_at as "probeAt"
  from llm_breakers`

const LIMITS = `
  select provider, key, json_build_object(
    'provider', provider, 'model', model, 'rpm', rpm, 'tpm', tpm,
    'observedRpm', observed_rpm, 'observedTpm', observed_tpm,
    'share', round(llm_pace(l, now_ms)::numeric, 2),
    'waitMs', round(greatest(0, greatest(request_tat_ms, token_tat_ms, paused_until_ms) - now_ms)),
    'pausedUntil', case when paused_until_ms > now_ms
      then to_char(to_timestamp(paused_until_ms / 1000) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') end
  ) as "limit"
  from llm_limits l, llm_now_ms() as now_ms
  where rpm is not null or tpm is not null
  order by provider, model`

const nameOf = ({ provider, model }: Candidate): string => `${provider.id}/${model}`

function plainUrl(baseUrl: string): string {
  if (!URL.canParse(baseUrl)) return baseUrl
  const { origin, pathname } = new URL(baseUrl)
  return `${origin}${pathname}`
}
