import type { FailureCode } from '../contracts/failures.ts'
import { type Candidate, candidateOf, type ModelConfig } from './model-config.ts'

/** What a prompt says about who may answer it. */
export interface ModelWish {
  /** The prompt's name. */
  name: string
  /** Null where it names a model. */
  tier: string | null
  /** Null where it names a tier. */
  model: { provider: string; model: string } | null
  /** Whether the next model of the tier may answer where one cannot. */
  fallback: boolean
}

// The same question can have an answer elsewhere. The last three stand for a breaker that is open, or opens by it.
const ELSEWHERE: ReadonlySet<FailureCode> = new Set([
  'LLM.ModelNotFound',
  'LLM.ContextLength',
  'LLM.ProviderPaused',
  'LLM.BillingExhausted',
  'LLM.Auth',
])

/** Who may answer a prompt, in the order in which they are asked. Throws where configuration knows nobody. */
export function candidatesFor(config: ModelConfig, wish: ModelWish): readonly Candidate[] {
  const fault = faultOf(config, wish)
  if (fault !== null) throw new Error(fault)
  if (config.standIn !== null) return [config.standIn]
  if (wish.model !== null) {
    const candidate = candidateOf(config.providers, nameOf(wish.model))
    return candidate === null ? [] : [candidate]
  }
  const candidates = config.tiers.get(wish.tier ?? '') ?? []
  return wish.fallback ? candidates : candidates.slice(0, 1)
}

/** Whether a failure of one model is a reason to ask the next of its tier. */
export const mayFallBack = (code: FailureCode): boolean => ELSEWHERE.has(code)

/** Throws, with all faults, unless there is somebody to answer each prompt. */
export function checkTiers(config: ModelConfig, wishes: Iterable<ModelWish>): void {
  const faults = [...wishes].map((wish) => faultOf(config, wish)).filter((fault) => fault !== null)
  if (faults.length > 0) throw new Error(`Some prompts cannot be answered:\n${faults.join('\n')}`)
}

function faultOf(
  { tiers, providers }: ModelConfig,
  { name, tier, model }: ModelWish,
): string | null {
  if (model !== null) {
    if (providers.has(model.provider)) return null
    const known = [...providers.keys()].join(', ')
    return `The prompt ${name}: expected a provider out of ${known}, received ${nameOf(model)}.`
  }
  if (tiers.has(tier ?? '')) return null
  const known = [...tiers.keys()].join(', ')
  return `The prompt ${name}: expected a tier out of ${known}, received ${String(tier)}.`
}

const nameOf = ({ provider, model }: { provider: string; model: string }): string =>
  `${provider}/${model}`
