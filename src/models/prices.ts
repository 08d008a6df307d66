import type { Pool } from 'pg'
import type { Usage } from '../contracts/run.ts'
import {
  dearestListed,
  listPriceOf,
  partsWithin,
  PRICE_LIST_VERSION,
  type Quote,
  type UnitPrices,
} from './price-list.ts'
import { type KeptOverride, listOverrides, overrideFor } from './price-overrides.ts'

/** What one call cost, as the ledger keeps it. */
export interface Price {
  /** Null where no price is known. */
  costMicros: number | null
  priced: boolean
  source: 'provider' | 'override' | 'genai-prices' | 'none'
  priceVersion: string | null
  /** With the multiplier of its service tier, which the unit prices do not contain. */
  unitPrices: (UnitPrices & { multiplier: number }) | null
  /** What budgets are charged: the cost, else that of the dearest model that it may have been. */
  chargedMicros: number
}

/** A call whose price is asked for. */
export interface PricedCall {
  /** As the price list calls the provider, such as `openai`. */
  priceProvider: string
  model: string
  usage: Usage
  serviceTier?: string | null
  /** What the provider itself says that it cost; it comes first. */
  reportedCostMicros?: number | null
  /** When the call was made. @default now */
  at?: Date
}

/** Prices of calls. */
export interface Prices {
  priceOf(call: PricedCall): Promise<Price>
  /** The most that a call may cost with this cap on its output, rounded up. An unknown model counts as the dearest. */
  estimate(call: {
    priceProvider: string
    model: string
    inputTokens: number
    maxOutputTokens: number
    serviceTier?: string | null
  }): Promise<{ micros: number; priced: boolean }>
}

/** A model that calls may be made to. */
export interface ConfiguredModel {
  priceProvider: string
  model: string
}

// What an operator changes holds everywhere within seconds; a query for each call would be one too many.
const KEPT_FOR_MS = 5_000
// Where nothing else is known. Its dearest model is among the dearest of all.
const LAST_RESORT = 'openai'

/**
 * Prices by what the provider reports, else by the overrides, else by the bundled list, and never by the network.
 * Unknown is not free: such a call has no cost, and budgets are charged the dearest model of its provider, else of
 * those configured.
 */
export function createPrices({
  pool,
  configured = [],
}: {
  pool: Pool
  configured?: ConfiguredModel[]
}): Prices {
  const dearestOnList = new Map<string, string | null>()
  let kept: { overrides: KeptOverride[]; until: number } | undefined

  return {
    async priceOf({ reportedCostMicros, at = new Date(), ...call }) {
      if (isCost(reportedCostMicros)) {
        const costMicros = Math.round(reportedCostMicros)
        const said = { source: 'provider', priceVersion: null, unitPrices: null } as const
        return { costMicros, priced: true, ...said, chargedMicros: costMicros }
      }
      const overrides = await currentOverrides()
      const found = quote({ ...call, at }, overrides)
      if (found === null) {
        const chargedMicros = Math.round(dearest({ ...call, at }, overrides))
        return { ...UNPRICED, chargedMicros }
      }
      const costMicros = Math.round(found.micros)
      const { source, priceVersion, unitPrices } = found
      return {
        costMicros,
        priced: true,
        source,
        priceVersion,
        unitPrices,
        chargedMicros: costMicros,
      }
    },

    async estimate({ inputTokens, maxOutputTokens, ...model }) {
      const overrides = await currentOverrides()
      const usage = { inputTokens, outputTokens: maxOutputTokens }
      const call = { ...model, usage, at: new Date() }
      const found = quote(call, overrides)
      return { micros: roundUp(found?.micros ?? dearest(call, overrides)), priced: found !== null }
    },
  }

  async function currentOverrides(): Promise<KeptOverride[]> {
    if (kept !== undefined && performance.now() < kept.until) return kept.overrides
    try {
      const overrides = await listOverrides(pool)
      kept = { overrides, until: performance.now() + KEPT_FOR_MS }
      return overrides
    } catch (error) {
      // A paid answer is priced by what is known rather than lost.
      if (kept === undefined) throw error
      return kept.overrides
    }
  }

  function dearest(call: Question, overrides: KeptOverride[]): number {
    const { priceProvider } = call
    const own = overrides
      .filter((each) => each.provider === priceProvider)
      .map((override) => ownQuote(override, call)?.micros ?? 0)
    const ofProvider = Math.max(0, listedMost(priceProvider, call), ...own)
    if (ofProvider > 0) return ofProvider
    const others = configured.map((each) => quote({ ...call, ...each }, overrides)?.micros ?? 0)
    return Math.max(0, ...others) || listedMost(LAST_RESORT, call)
  }

  function listedMost(priceProvider: string, call: Question): number {
    const known = dearestOnList.get(priceProvider)
    const model = known === undefined ? dearestListed(priceProvider, call.at) : known
    dearestOnList.set(priceProvider, model)
    return model === null ? 0 : (listPriceOf({ ...call, priceProvider, model })?.micros ?? 0)
  }
}

const isCost = (reported: number | null | undefined): reported is number =>
  Number.isFinite(reported) && Number(reported) >= 0

const UNPRICED = {
  costMicros: null,
  priced: false,
  source: 'none',
  priceVersion: null,
  unitPrices: null,
} as const

type Question = ConfiguredModel & { usage: Usage; serviceTier?: string | null; at: Date }

interface FoundPrice extends Pick<Price, 'priceVersion' | 'unitPrices'> {
  micros: number
  source: 'override' | 'genai-prices'
}

function quote(call: Question, overrides: KeptOverride[]): FoundPrice | null {
  const override = overrideFor(overrides, call)
  const own = override === null ? null : ownQuote(override, call)
  const found = own ?? listPriceOf(call)
  if (found === null) return null
  const multiplier = override?.multipliers[call.serviceTier ?? ''] ?? 1
  return {
    micros: found.micros * multiplier,
    source: own === null ? 'genai-prices' : 'override',
    priceVersion: own === null ? PRICE_LIST_VERSION : `override/${override?.version}`,
    unitPrices: { ...found.unitPrices, multiplier },
  }
}

function ownQuote(override: KeptOverride, { usage }: Question): Quote | null {
  const { inputMicros: input, outputMicros: output } = override
  if (input === null || output === null) return null
  const unitPrices = {
    input,
    output,
    cachedInput: override.cachedInputMicros ?? input,
    cacheWrite: override.cacheWriteMicros ?? input,
    reasoning: override.reasoningMicros ?? output,
  }
  const { inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens, reasoningTokens } =
    partsWithin(usage)
  const total =
    (inputTokens - cachedInputTokens - cacheWriteTokens) * input +
    cachedInputTokens * unitPrices.cachedInput +
    cacheWriteTokens * unitPrices.cacheWrite +
    (outputTokens - reasoningTokens) * output +
    reasoningTokens * unitPrices.reasoning
  return { micros: total / 1_000_000, unitPrices }
}

// Floats say 1200.0000000000002 for 1200, which is no reason for another micro-dollar.
const roundUp = (micros: number): number => Math.ceil(micros - 1e-6)
