import { createHash } from 'node:crypto'
import { Ajv } from 'ajv'
import { z } from 'zod'
import type { JsonSchema, JsonType } from '../contracts/json-schema.ts'

const TypeName = z.enum([
  'object',
  'array',
  'string',
  'number',
  'integer',
  'boolean',
  'null',
]) satisfies z.ZodType<JsonType>

/** Reads a schema of a prompt; keywords that types and providers could not follow are faults. */
export const JsonSchemaShape: z.ZodType<JsonSchema> = z.lazy(() =>
  z.strictObject({
    type: z.union([TypeName, z.array(TypeName)]).optional(),
    enum: z
      .array(z.union([z.string(), z.number(), z.boolean(), z.null()]))
      .min(1)
      .optional(),
    properties: z.record(z.string(), JsonSchemaShape).optional(),
    required: z.array(z.string()).optional(),
    items: JsonSchemaShape.optional(),
    additionalProperties: z.boolean().optional(),
    title: z.string().optional(),
    description: z.string().optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    minLength: z.int().nonnegative().optional(),
    maxLength: z.int().nonnegative().optional(),
    minItems: z.int().nonnegative().optional(),
    maxItems: z.int().nonnegative().optional(),
  }),
)

/** What is wrong with a schema that is well-formed. A strict one is held to what providers ask of an output. */
export function schemaFaults(schema: JsonSchema, at: string, { strict = false } = {}): string[] {
  const { base, faults } = readType(schema, at)
  if (base === 'array' && schema.items === undefined) faults.push(`${at}: an array needs items.`)
  if (base === 'object') faults.push(...objectFaults(schema, at, strict))
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    schemaFaults(property, `${at}.${name}`, { strict }),
  )
  const items = schema.items ? schemaFaults(schema.items, `${at}[]`, { strict }) : []
  return [...faults, ...inner, ...items]
}

/** The one type besides null, and whether null is allowed; the type is undefined where only an enum says it. */
export function typeOf({ type }: JsonSchema): { base: JsonType | undefined; nullable: boolean } {
  if (!Array.isArray(type)) return { base: type, nullable: false }
  return { base: type.find((name) => name !== 'null'), nullable: type.includes('null') }
}

/** A check of values against a schema: null where it holds, else what does not, in one line. */
export function createCheck(schema: JsonSchema, name: string): (value: unknown) => string | null {
  const ajv = new Ajv({ strict: true, allowUnionTypes: true })
  const validate = ajv.compile(schema)
  return (value) =>
    validate(value) ? null : ajv.errorsText(validate.errors, { dataVar: name }).slice(0, 300)
}

/** Names an input and an output schema: the same wherever both mean the same types, however they are written. */
export function digestOfSchemas(input: JsonSchema, output: JsonSchema | null): string {
  const canonical = JSON.stringify({ input, output }, (key, value: unknown) => {
    if (key === 'required' && Array.isArray(value)) return value.map(String).toSorted()
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  })
  return createHash('sha256').update(canonical).digest('hex')
}

/**
 * The schema at a path, through lists where there are any. Undefined where nothing is declared there; an empty schema
 * where anything may be.
 */
export function schemaAt(schema: JsonSchema, path: readonly string[]): JsonSchema | undefined {
  const [name, ...rest] = path
  if (schema.items !== undefined) return schemaAt(schema.items, path)
  if (name === undefined) return schema
  if (schema.properties === undefined) return {}
  const property = schema.properties[name]
  return property === undefined ? undefined : schemaAt(property, rest)
}

function readType(
  schema: JsonSchema,
  at: string,
): { base: JsonType | undefined; faults: string[] } {
  const { base } = typeOf(schema)
  if (base === undefined && schema.enum === undefined) {
    return { base, faults: [`${at}: expected a type or an enum.`] }
  }
  const isUnion =
    Array.isArray(schema.type) && (schema.type.length !== 2 || !schema.type.includes('null'))
  return { base, faults: isUnion ? [`${at}: expected one type, or one type and 'null'.`] : [] }
}

function objectFaults(schema: JsonSchema, at: string, strict: boolean): string[] {
  const names = Object.keys(schema.properties ?? {})
  const required = schema.required ?? []
  const faults = required
    .filter((name) => !names.includes(name))
    .map((name) => `${at}: "${name}" is required, but no property.`)
  if (!strict) return faults
  if (schema.additionalProperties !== false) {
    faults.push(`${at}: an output needs additionalProperties: false.`)
  }
  const optional = names.filter((name) => !required.includes(name))
  if (optional.length > 0) {
    faults.push(
      `${at}: an output requires all of its properties, and ${optional.join(', ')} is not: let it be null instead.`,
    )
  }
  return faults
}
