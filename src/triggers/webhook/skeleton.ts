// Presets read names and ids, which stand high up and are short.
const DEEPEST = 4
const MOST_ENTRIES = 100
const MOST_MEMBERS = 1_000
const LONGEST_TEXT = 4_096

/**
 * What presets read of a large value, and little else: objects and lists down to the fourth level, lists of up to a
 * hundred entries, text of up to 4,096 characters. What is cut off is missing. The value itself is cut nowhere: a list
 * keeps all of its entries, and a text is whole.
 */
export function skeletonOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((entry) => cut(entry, 1))
  return typeof value === 'string' ? value : cut(value, 0)
}

function cut(value: unknown, level: number): unknown {
  if (typeof value === 'string') return value.slice(0, LONGEST_TEXT)
  if (typeof value !== 'object' || value === null) return value
  if (level === DEEPEST) return Array.isArray(value) ? [] : {}
  if (Array.isArray(value)) {
    return value.slice(0, MOST_ENTRIES).map((entry) => cut(entry, level + 1))
  }
  const members = Object.entries(value).slice(0, MOST_MEMBERS)
  return Object.fromEntries(members.map(([name, member]) => [name, cut(member, level + 1)]))
}
