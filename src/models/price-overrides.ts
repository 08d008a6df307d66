import type { Pool } from 'pg'

/** A price of our own, which comes before the price list. Prices are micro-dollars per million tokens. */
export interface PriceOverride {
  /** As the price list calls the provider, or any name that it does not know. */
  provider: string
  /** A model's name, or a pattern with `*` and `?`. */
  model: string
  /** ISO 8601; null where it always held. */
  validFrom: string | null
  /** Null, like the output's, leaves prices to the list: only the multipliers count. */
  inputMicros: number | null
  outputMicros: number | null
  /** Null: the input's. */
  cachedInputMicros: number | null
  /** Null: the input's. */
  cacheWriteMicros: number | null
  /** Null: the output's. */
  reasoningMicros: number | null
  /** By service tier; 1 where it is not named. */
  multipliers: Record<string, number>
}

/** An override as it is kept. */
export interface KeptOverride extends PriceOverride {
  /** Another number with each change. */
  version: number
  /** ISO 8601. */
  updatedAt: string
  updatedBy: string
}

// Whole numbers below 2^53, which pg reads from float8 but not from bigint.
const LIST = `
select provider, model, nullif(valid_from, '-infinity') as "validFrom", input_micros::float8 as "inputMicros",
       output_micros::float8 as "outputMicros", cached_input_micros::float8 as "cachedInputMicros",
       cache_write_micros::float8 as "cacheWriteMicros", reasoning_micros::float8 as "reasoningMicros", multipliers,
       id::float8 as version, updated_at as "updatedAt", updated_by as "updatedBy"
  from price_overrides order by provider, model, valid_from`

/** All overrides, by provider and model. */
export async function listOverrides(pool: Pool): Promise<KeptOverride[]> {
  const { rows } = await pool.query<KeptOverride>({ name: 'list-price-overrides', text: LIST })
  return rows
}

const SET = `
insert into price_overrides (provider, model, valid_from, input_micros, output_micros, cached_input_micros,
                             cache_write_micros, reasoning_micros, multipliers, updated_by)
values ($1, $2, coalesce($3, '-infinity'::timestamptz), $4, $5, $6, $7, $8, $9, $10)
    on conflict (provider, model, valid_from) do update set
       id = excluded.id, input_micros = excluded.input_micros, output_micros = excluded.output_micros,
       cached_input_micros = excluded.cached_input_micros, cache_write_micros = excluded.cache_write_micros,
       reasoning_micros = excluded.reasoning_micros, multipliers = excluded.multipliers, updated_at = now(),
       updated_by = excluded.updated_by`

/** Sets an override, in the place of one for the same provider, model and time. What the ledger holds stays. */
export async function setOverride(
  pool: Pool,
  override: PriceOverride & { updatedBy: string },
): Promise<void> {
  await pool.query(SET, [
    override.provider,
    override.model,
    override.validFrom,
    override.inputMicros,
    override.outputMicros,
    override.cachedInputMicros,
    override.cacheWriteMicros,
    override.reasoningMicros,
    JSON.stringify(override.multipliers),
    override.updatedBy,
  ])
}

/** Removes the overrides of a provider's model, for all times. Answers how many there were. */
export async function removeOverrides(
  pool: Pool,
  { provider, model }: { provider: string; model: string },
): Promise<number> {
  const { rowCount } = await pool.query(
    'delete from price_overrides where provider = $1 and model = $2',
    [provider, model],
  )
  return rowCount ?? 0
}

/** The override that holds: a name before a pattern, a longer pattern before a shorter, a later time before an earlier. */
export function overrideFor(
  overrides: KeptOverride[],
  { priceProvider, model, at }: { priceProvider: string; model: string; at: Date },
): KeptOverride | null {
  const holding = overrides.filter(
    (each) =>
      each.provider === priceProvider && startOf(each) <= at.getTime() && fits(each.model, model),
  )
  const [best] = holding.toSorted(
    (left, right) =>
      precisionOf(right.model) - precisionOf(left.model) || startOf(right) - startOf(left),
  )
  return best ?? null
}

const startOf = ({ validFrom }: PriceOverride): number =>
  validFrom === null ? -Infinity : Date.parse(validFrom)

const isPattern = (model: string): boolean => /[*?]/.test(model)

const precisionOf = (model: string): number => (isPattern(model) ? model.length : Infinity)

function fits(pattern: string, model: string): boolean {
  if (!isPattern(pattern)) return pattern === model
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/\*+/g, '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's').test(model)
}
