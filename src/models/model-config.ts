import type { RateLimits } from '../contracts/limits.ts'
import type { ProviderProfile, ProviderProfiles } from '../contracts/provider-profile.ts'
import { type ModelConfigFile, type ProviderEntry, readConfigFile } from './model-config-file.ts'
import type { PriceOverride } from './price-overrides.ts'

/** A provider that calls can be made to. */
export interface ConfiguredProvider extends Omit<ProviderProfile, 'baseUrl' | 'priceProvider'> {
  /** As prompts, tiers and the ledger call it. */
  id: string
  /** Name of the profile it was made from. */
  profile: string
  baseUrl: string
  /** Where the key stands, such as `env:OPENAI_API_KEY`, or `none`: limits and breakers go by it. */
  key: string
  /** The key itself; empty where none is needed. */
  secret: string
  /** As the price list calls it; its own id where it has prices of its own. */
  priceProvider: string
  /** Rates of single models, in the place of those in `limits`. */
  modelLimits: Record<string, { rpm?: number | undefined; tpm?: number | undefined }>
  /** Micro-dollars per million tokens; null where the price list knows. */
  ownPrice: Pick<PriceOverride, 'inputMicros' | 'outputMicros' | 'cachedInputMicros'> | null
}

/** A model of a provider. */
export interface Candidate {
  provider: ConfiguredProvider
  model: string
}

/** Who may answer: providers by id, and the models of each tier in the order in which they are tried. */
export interface ModelConfig {
  providers: ReadonlyMap<string, ConfiguredProvider>
  tiers: ReadonlyMap<string, readonly Candidate[]>
  /** Answers everything in the place of all others; null where they answer themselves. */
  standIn: Candidate | null
}

/** What a configuration is made with. */
export interface ModelConfigOptions {
  /** Where the keys stand. */
  env: NodeJS.ProcessEnv
  profiles: ProviderProfiles
  /** Whether a key that is not set is a fault: only who calls models needs them. */
  keysNeeded: boolean
}

/** Reads providers and tiers out of the text of a file. No fault contains a key. */
export function readModelConfig(
  text: string,
  options: ModelConfigOptions,
): { outcome: 'read'; config: ModelConfig } | { outcome: 'faulty'; faults: string[] } {
  const reading = readConfigFile(text)
  if (reading.outcome === 'faulty') return reading
  const { faults, config } = resolveModels(reading.file, options)
  return faults.length > 0 ? { outcome: 'faulty', faults } : { outcome: 'read', config }
}

/** The rates that the configuration sets for a model: its own, else those of its provider. */
export function limitsOf({ provider, model }: Candidate): RateLimits {
  const { rpm, tpm } = provider.modelLimits[model] ?? provider.limits
  return { rpm, tpm }
}

/** The prices that the configuration sets, as overrides of the price list. */
export function ownPricesOf({ providers }: ModelConfig): PriceOverride[] {
  return [...providers.values()].flatMap(({ priceProvider, ownPrice }) =>
    ownPrice === null
      ? []
      : [
          {
            provider: priceProvider,
            model: '*',
            validFrom: null,
            ...ownPrice,
            cacheWriteMicros: null,
            reasoningMicros: null,
            multipliers: {},
          },
        ],
  )
}

/** Completes providers by their profiles and finds the models of tiers, with every fault on the way. */
export function resolveModels(
  file: ModelConfigFile,
  options: ModelConfigOptions,
): { faults: string[]; config: ModelConfig } {
  const faults: string[] = []
  const providers = new Map<string, ConfiguredProvider>()
  for (const [id, entry] of Object.entries(file.providers)) {
    const provider = toProvider(id, entry, { ...options, faults })
    if (provider !== null) providers.set(id, provider)
  }
  const tiers = new Map<string, Candidate[]>()
  for (const [tier, names] of Object.entries(file.tiers)) {
    tiers.set(
      tier,
      names.flatMap((name) => {
        const candidate = candidateOf(providers, name)
        if (candidate === null && !isOfFaulty(name)) {
          const known = Object.keys(file.providers).join(', ')
          faults.push(
            `tiers.${tier}: expected provider/model with a provider out of ${known}, received ${name}`,
          )
        }
        return candidate ?? []
      }),
    )
  }
  return { faults, config: { providers, tiers, standIn: null } }

  /** A provider with faults of its own is known all the same. */
  function isOfFaulty(name: string): boolean {
    const [id = '', ...model] = name.split('/')
    return id in file.providers && !providers.has(id) && model.join('/') !== ''
  }
}

/** `provider/model`; the model's own name may have slashes. Null where there is no such provider. */
export function candidateOf(providers: ModelConfig['providers'], name: string): Candidate | null {
  const slash = name.indexOf('/')
  const provider = providers.get(name.slice(0, Math.max(0, slash)))
  const model = name.slice(slash + 1)
  return provider === undefined || slash === -1 || model === '' ? null : { provider, model }
}

function toProvider(
  id: string,
  entry: ProviderEntry,
  { env, profiles, keysNeeded, faults }: ModelConfigOptions & { faults: string[] },
): ConfiguredProvider | null {
  const { profile: name = id, api, maxTokensField, supports, limits, price } = entry
  const profile = profiles[name]
  if (profile === undefined) {
    const known = Object.keys(profiles).join(', ')
    faults.push(`providers.${id}.profile: expected one of ${known}, received ${name}`)
    return null
  }
  const baseUrl = entry.baseUrl ?? profile.baseUrl
  if (baseUrl === null) {
    faults.push(`providers.${id}.baseUrl: is missing; the profile ${name} has none of its own`)
  }
  const key = entry.apiKey ?? (profile.keyVariable === null ? 'none' : `env:${profile.keyVariable}`)
  const secret = key === 'none' ? '' : (env[key.slice('env:'.length)] ?? '')
  if (keysNeeded && key !== 'none' && secret === '') {
    faults.push(`providers.${id}.apiKey: the variable ${key.slice('env:'.length)} is not set`)
  }
  if (baseUrl === null) return null
  const { models: modelLimits = {}, ...rates } = limits ?? {}
  const { priceProvider, ownPrice } = pricesOf(id, price, profile)
  return {
    id,
    profile: name,
    baseUrl,
    key,
    secret,
    api: api ?? profile.api,
    maxTokensField: maxTokensField ?? profile.maxTokensField,
    supports: { ...profile.supports, ...given(supports ?? {}) },
    limits: { ...profile.limits, ...given(rates) },
    modelLimits,
    keyVariable: profile.keyVariable,
    priceProvider,
    ownPrice,
  }
}

function pricesOf(
  id: string,
  price: ProviderEntry['price'],
  profile: ProviderProfile,
): Pick<ConfiguredProvider, 'priceProvider' | 'ownPrice'> {
  if (price !== undefined && 'provider' in price) {
    return { priceProvider: price.provider, ownPrice: null }
  }
  if (price !== undefined) {
    const { input, output, cachedInput = null } = price
    const ownPrice = { inputMicros: input, outputMicros: output, cachedInputMicros: cachedInput }
    return { priceProvider: id, ownPrice }
  }
  if (profile.priceProvider !== null) {
    return { priceProvider: profile.priceProvider, ownPrice: null }
  }
  const free = { inputMicros: 0, outputMicros: 0, cachedInputMicros: null }
  return { priceProvider: id, ownPrice: free }
}

type Given<Value> = { [Name in keyof Value]-?: Exclude<Value[Name], undefined> }

/** Without what is undefined. */
function given<Value extends object>(value: Value): Partial<Given<Value>>
function given(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined))
}
