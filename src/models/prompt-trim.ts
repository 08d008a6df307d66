import { z } from 'zod'
import type { JsonSchema } from '../contracts/json-schema.ts'
import { schemaAt, typeOf } from './prompt-schemas.ts'
import {
  createTokenCounter,
  FEWEST_TOKENS,
  type TokenBound,
  type TokenCounter,
} from './prompt-tokens.ts'

/** What stays of a variable: so many tokens of a text, or some fields of an object. */
export type TrimRule = z.infer<typeof TrimRule>

const TEXT = /^(?:(first|last) )?(\d+) tokens$/

const EXPECTED = `expected "2000 tokens", "last 2000 tokens" (${FEWEST_TOKENS} at least) or { only: [fields] }`

/** Reads a rule: `2000 tokens`, `last 500 tokens`, `{ only: [title, body] }`. */
export const TrimRule = z.union(
  [
    z
      .string()
      .regex(TEXT)
      .transform((text): TokenBound => {
        const [, keep, tokens] = TEXT.exec(text) ?? []
        return { tokens: Number(tokens), keep: keep === 'last' ? 'last' : 'first' }
      })
      .refine(({ tokens }) => tokens >= FEWEST_TOKENS, { error: EXPECTED }),
    z.strictObject({ only: z.array(z.string()).min(1) }),
  ],
  { error: EXPECTED },
)

/** Rules by the path of what they trim, such as `issue.body`. A path goes through lists. */
export type TrimRules = Record<string, TrimRule>

/** What is wrong with rules, given what the prompt takes: the path of each with the reason. */
export function trimFaults(
  rules: TrimRules,
  input: JsonSchema,
): { path: string; message: string }[] {
  return Object.entries(rules).flatMap(([path, rule]) => {
    const message = ruleFault(rule, schemaAt(input, path.split('.')))
    return message === null ? [] : [{ path, message }]
  })
}

function ruleFault(rule: TrimRule, schema: JsonSchema | undefined): string | null {
  if (schema === undefined) return 'input.schema does not declare it.'
  if ('tokens' in rule) {
    return typeOf(schema).base === 'string' || schema.enum !== undefined
      ? null
      : 'Only a text can be cut: name the field that is one.'
  }
  const unknown = rule.only.filter((name) => schemaAt(schema, [name]) === undefined)
  if (typeOf(schema).base !== 'object') return 'Only an object has fields.'
  return unknown.length === 0 ? null : `input.schema does not declare ${unknown.join(', ')}.`
}

/** Makes copies of variables in which every rule is followed. What a rule does not name stays whole. */
export function createTrim(rules: TrimRules): (variables: Variables) => Variables {
  // Fields that are left out need not be cut.
  const ordered = Object.entries(rules)
    .toSorted(([, a], [, b]) => Number('tokens' in a) - Number('tokens' in b))
    .map(([path, rule]) => ({ path: path.split('.'), rule }))
  if (ordered.length === 0) return (variables) => variables
  return (variables) => {
    const counter = createTokenCounter()
    return ordered.reduce(
      (trimmed, { path, rule }) => ({
        ...trimmed,
        ...followFields(trimmed, { path, change: (found) => applyRule(found, { rule, counter }) }),
      }),
      variables,
    )
  }
}

type Variables = Record<string, unknown>

interface Change {
  path: string[]
  change: (found: unknown) => unknown
}

function follow(value: unknown, { path, change }: Change): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => follow(item, { path, change }))
  if (path.length === 0) return change(value)
  return isObject(value) ? followFields(value, { path, change }) : value
}

function followFields(value: Variables, { path: [name = '', ...path], change }: Change): Variables {
  if (!Object.hasOwn(value, name)) return value
  return { ...value, [name]: follow(value[name], { path, change }) }
}

function applyRule(
  found: unknown,
  { rule, counter }: { rule: TrimRule; counter: TokenCounter },
): unknown {
  if ('tokens' in rule) return typeof found === 'string' ? counter.cut(found, rule) : found
  if (!isObject(found)) return found
  return Object.fromEntries(Object.entries(found).filter(([name]) => rule.only.includes(name)))
}

const isObject = (value: unknown): value is Variables =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
