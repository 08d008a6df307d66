/** What stands at a place in a body of any shape; undefined where nothing does. */
export function valueAt(body: unknown, ...path: string[]): unknown {
  let value = body
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = Reflect.get(value, name)
  }
  return value
}

/** The text at a place in a body of any shape; undefined where there is none. */
export function textAt(body: unknown, ...path: string[]): string | undefined {
  const value = valueAt(body, ...path)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/**
 * The text at a place, or a whole number as text: ids are often numbers. Those that are too large for us are not what
 * was sent: two of them could seem to be the same.
 */
export function wordAt(body: unknown, ...path: string[]): string | undefined {
  const value = valueAt(body, ...path)
  return Number.isSafeInteger(value) ? String(value) : textAt(body, ...path)
}
