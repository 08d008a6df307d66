/**
 * The part of a URL before its path, under which the sender reaches us: what is configured, else what the request says.
 * A host is taken as it was written, in its case: `URL` would write it in another way than was signed.
 */
export function publicBaseOf(
  headers: Record<string, string>,
  {
    configured,
    proxied,
  }: {
    configured: string | undefined
    /** Whether a trusted proxy handed it over: only then do `X-Forwarded-…` headers mean anything. */
    proxied: boolean
  },
): string {
  if (configured !== undefined) return configured
  const scheme = (proxied ? lastOf(headers['x-forwarded-proto']) : undefined) ?? 'http'
  const host = (proxied ? lastOf(headers['x-forwarded-host']) : undefined) ?? headers['host'] ?? ''
  return `${scheme}://${host}`
}

// Of a list, what the nearest proxy says, which is trusted: whoever stood before it may have written the others.
const lastOf = (list = ''): string | undefined =>
  list
    .split(',')
    .map((element) => element.trim())
    .findLast((element) => element !== '')

/** Path and query of a request's target, exactly as they came. */
export const pathOf = (target: string): string =>
  // Per RFC 9112, 3.2.2, a target may name scheme and host as well.
  target.startsWith('/') ? target : target.replace(/^[a-z]+:\/\/[^/?#]*/i, '')
