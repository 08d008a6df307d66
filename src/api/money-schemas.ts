import { z } from 'zod'
import { SPEND_BY } from '../models/spend.ts'

const instant = z.iso.datetime().describe('ISO 8601 in UTC')
// Postgres has no place for NUL.
const line = (longest: number) =>
  z
    .string()
    .max(longest)
    .regex(/^[^\0]*$/, 'must not contain NUL')
const name = line(200).min(1)
const by = name.default('api')
const limit = z.coerce.number().int().min(1).max(200).default(50)
// A thousand million dollars: sums of such amounts are still whole numbers.
const micros = z.int().min(0).max(1e15).describe('Millionths of a dollar')
const count = z.int().min(0)
const kind = z.enum(['run', 'trigger', 'workflow', 'tenant', 'day', 'month'])

const limits = {
  limitMicros: micros.nullable(),
  limitTokens: count.nullable(),
  limitCalls: count.nullable(),
  softMicros: micros.nullable().describe('Says once that little is left; refuses nothing'),
}

const BudgetRule = z.object({
  kind,
  name: z.string().describe('Of a trigger, workflow or tenant; of a run its workflow; * for all'),
  ...limits,
  updatedAt: instant,
  updatedBy: z.string(),
})

const Budget = z.object({
  scope: z.string().describe('Such as trigger:newIssues:2026-11-21'),
  kind,
  endsAt: instant.nullable(),
  spentMicros: micros,
  reservedMicros: micros.describe('By calls under way'),
  spentTokens: count,
  reservedTokens: count,
  calls: z.int(),
  ownLimits: z.boolean().describe('Whether the limits are its own, and no rule’s'),
  ...limits,
})

/** The rules, and the budgets of the present periods. */
const Budgets = z.object({ rules: z.array(BudgetRule), budgets: z.array(Budget) })

/** A rule, or the limits of one scope. A limit that is left out limits nothing. */
const BudgetChange = z
  .strictObject({
    kind: kind.optional(),
    name: name.default('*'),
    scope: line(500).optional(),
    limitMicros: micros.nullable().default(null),
    limitTokens: count.nullable().default(null),
    limitCalls: count.max(2_147_483_647).nullable().default(null),
    softMicros: micros.nullable().default(null),
    by,
  })
  .refine(({ kind: of, scope }) => (of === undefined) !== (scope === undefined), {
    message: 'Expected either kind or scope.',
  })
  .refine(({ kind: of, name: whose }) => (of !== 'day' && of !== 'month') || whose === '*', {
    message: 'A day and a month have no names.',
    path: ['name'],
  })
  .refine(
    ({ limitMicros, limitTokens, limitCalls, softMicros }) =>
      [limitMicros, limitTokens, limitCalls, softMicros].some((each) => each !== null),
    { message: 'Expected at least one limit.' },
  )

const unitPrices = z.object({
  input: z.number(),
  output: z.number(),
  cachedInput: z.number(),
  cacheWrite: z.number(),
  reasoning: z.number(),
  multiplier: z.number().describe('Of the service tier'),
})

const perMillion = micros.nullable().describe('Millionths of a dollar per million tokens')
const prices = {
  inputMicros: perMillion,
  outputMicros: perMillion,
  cachedInputMicros: perMillion,
  cacheWriteMicros: perMillion,
  reasoningMicros: perMillion,
}
const multipliers = z
  .record(z.string().max(100), z.number().min(0).max(100))
  .describe('By service tier, such as { "flex": 0.5 }')

/** Overrides, and what holds for the model that was asked for. */
const Prices = z.object({
  overrides: z.array(
    z.object({
      provider: z.string(),
      model: z.string().describe('A name, or a pattern with * and ?'),
      validFrom: instant.nullable(),
      ...prices,
      multipliers,
      version: z.int(),
      updatedAt: instant,
      updatedBy: z.string(),
    }),
  ),
  price: z
    .object({
      source: z.enum(['override', 'genai-prices', 'none']),
      priceVersion: z.string().nullable(),
      unitPrices: unitPrices.nullable().describe('Null where no price is known'),
    })
    .nullable()
    .describe('Null where no model was asked for'),
})

/** A price of our own. Without prices, the multipliers hold for those of the list. */
const PriceChange = z
  .strictObject({
    provider: name,
    model: name,
    validFrom: instant.nullable().default(null),
    inputMicros: perMillion.default(null),
    outputMicros: perMillion.default(null),
    cachedInputMicros: perMillion.default(null),
    cacheWriteMicros: perMillion.default(null),
    reasoningMicros: perMillion.default(null),
    multipliers: multipliers.default({}),
    by,
  })
  .refine(({ inputMicros, outputMicros }) => (inputMicros === null) === (outputMicros === null), {
    message: 'Expected the prices of input and output, or neither.',
  })

const sums = {
  calls: count,
  unpricedCalls: count.describe('Used tokens without a known price: not in the cost'),
  costMicros: micros,
  estimatedMicros: micros.describe('The part of the cost that nobody reported'),
  inputTokens: count,
  cachedInputTokens: count,
  outputTokens: count,
  reasoningTokens: count,
}

/** What was spent, the dearest first; days in their order. */
const Spend = z.object({
  by: z.enum(SPEND_BY),
  from: instant,
  to: instant,
  rows: z.array(z.object({ key: z.string().nullable(), ...sums })),
  total: z.object(sums),
  cut: z.boolean().describe('Whether there are more rows; the total contains them'),
})

/** Attempts of model calls, the youngest first. */
const CallPage = z.object({
  calls: z.array(
    z.object({
      id: z.int(),
      runId: z.string(),
      step: z.string(),
      ask: z.int(),
      attempt: z.int(),
      trigger: z.string().nullable(),
      workflow: z.string().nullable(),
      provider: z.string(),
      model: z.string(),
      prompt: z.string(),
      promptVersion: z.string(),
      outcome: z.enum(['started', 'succeeded', 'failed', 'interrupted']),
      failureCode: z.string().nullable(),
      message: z.string().nullable(),
      inputTokens: count.nullable(),
      outputTokens: count.nullable(),
      cachedInputTokens: count.nullable(),
      cacheWriteTokens: count.nullable(),
      reasoningTokens: count.nullable(),
      usageEstimated: z.boolean(),
      serviceTier: z.string().nullable(),
      costMicros: micros.nullable().describe('Null where no price is known, or nothing was used'),
      costSource: z.enum(['provider', 'override', 'genai-prices', 'none', 'estimate']).nullable(),
      priceVersion: z.string().nullable(),
      unitPrices: unitPrices.nullable(),
      finishReason: z.string().nullable(),
      requestId: z.string().nullable(),
      responseId: z.string().nullable(),
      ttftMs: count.nullable(),
      latencyMs: count.nullable(),
      output: z.unknown().describe('Null unless asked for with output=1, or for one run'),
      startedAt: instant,
      endedAt: instant.nullable(),
    }),
  ),
  next: z.string().nullable().describe('Value of `after` for the next page; null after the last'),
})

/** Which budgets to list. Those of runs only by kind or scope. */
export const BudgetsQuery = z.strictObject({
  kind: kind.optional(),
  scope: line(500).optional(),
  limit,
})

/** Whose limits to remove: a rule's, or those of one scope. */
export const BudgetRemoval = z
  .strictObject({ kind: kind.optional(), name: name.default('*'), scope: line(500).optional() })
  .refine(({ kind: of, scope }) => (of === undefined) !== (scope === undefined), {
    message: 'Expected either kind or scope.',
  })

/** Which prices to show. */
export const PricesQuery = z.strictObject({
  provider: name.optional().describe('openai by default, where a model is asked for'),
  model: name.optional(),
})

/** Whose override to remove. */
export const PriceRemoval = z.strictObject({ provider: name, model: name })

/** What to sum up. */
export const SpendQuery = z.strictObject({
  by: z.enum(SPEND_BY).default('day'),
  from: instant.optional().describe('Thirty days before `to` by default'),
  to: instant.optional().describe('Exclusive; now by default'),
  limit,
})

/** Which attempts to list. */
export const LedgerQuery = z.strictObject({
  run: line(1000).optional(),
  trigger: name.optional(),
  workflow: name.optional(),
  provider: name.optional(),
  model: name.optional(),
  prompt: name.optional(),
  outcome: z.enum(['started', 'succeeded', 'failed', 'interrupted']).optional(),
  from: instant.optional(),
  to: instant.optional().describe('Exclusive'),
  output: z.enum(['0', '1']).optional().describe('1 adds what the models answered'),
  limit,
  after: z.string().max(100).optional().describe('`next` of the page before'),
})

/** What has a name in the OpenAPI document. */
export const moneySchemas = { BudgetChange, Budgets, CallPage, PriceChange, Prices, Spend }
