/** True for a JSON object; what is in it may be anything. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The value where it is a list; an empty one otherwise. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** The value where it is a text; an empty one otherwise. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The value where it counts something; undefined otherwise. */
export const countOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
