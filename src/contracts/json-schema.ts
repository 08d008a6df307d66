/** The part of JSON Schema that prompts are written with: what a type, a sample and a strict provider can follow. */
export interface JsonSchema {
  /** A list means that null is allowed as well: `[string, 'null']`. */
  type?: JsonType | JsonType[] | undefined
  /** The only values that count. */
  enum?: (string | number | boolean | null)[] | undefined
  properties?: Record<string, JsonSchema> | undefined
  /** Names of the properties that must be there. */
  required?: string[] | undefined
  items?: JsonSchema | undefined
  /** Providers that hold a model to its schema want false on every object. */
  additionalProperties?: boolean | undefined
  title?: string | undefined
  description?: string | undefined
  minimum?: number | undefined
  maximum?: number | undefined
  minLength?: number | undefined
  maxLength?: number | undefined
  minItems?: number | undefined
  maxItems?: number | undefined
}

/** The names of types in JSON Schema. */
export type JsonType = 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean' | 'null'

/** How a sample is filled in; each has a plain default. */
export interface SampleOptions {
  /** The text for a string; the name of its property unless given. */
  text?: (property: string) => string
  /** Picks from an enum; its first value unless given. */
  pick?: (values: readonly unknown[]) => unknown
  /** False leaves out what is not required. Default true. */
  optional?: boolean
}

/** A plausible value for a schema: the same one every time. */
export const sampleOf = (schema: JsonSchema, options: SampleOptions = {}): unknown =>
  sample(schema, { ...options, property: 'value' })

type Sampling = SampleOptions & { property: string }

function sample(schema: JsonSchema, sampling: Sampling): unknown {
  if (schema.enum !== undefined) return sampling.pick?.(schema.enum) ?? schema.enum[0]
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  switch (type) {
    case 'object':
      return sampleObject(schema, sampling)
    case 'array':
      return Array.from({ length: Math.max(1, schema.minItems ?? 0) }, () =>
        sample(schema.items ?? {}, sampling),
      )
    case 'number':
    case 'integer':
      return schema.minimum ?? Math.min(1, schema.maximum ?? 1)
    case 'boolean':
      return true
    case 'null':
      return null
    case 'string':
    case undefined:
      return sampleText(schema, sampling)
    default:
      return type satisfies never
  }
}

function sampleText(schema: JsonSchema, { text, property }: Sampling): string {
  const full = text?.(property) ?? property
  return full.padEnd(schema.minLength ?? 0, '.').slice(0, schema.maxLength)
}

function sampleObject(schema: JsonSchema, sampling: Sampling): Record<string, unknown> {
  const required = new Set(schema.required)
  const names = Object.entries(schema.properties ?? {}).filter(
    ([name]) => sampling.optional !== false || required.has(name),
  )
  return Object.fromEntries(
    names.map(([name, inner]) => [name, sample(inner, { ...sampling, property: name })]),
  )
}
