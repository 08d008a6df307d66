// What proves who is asking is kept nowhere.
const CREDENTIALS = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie'])
// What others may have put a secret into: it is only ever shown by its length.
const SECRET = /auth|cookie|key|passw|secret|signature|token/
const MOST_HEADERS = 64
const LONGEST_VALUE = 500

/** The headers of a request as they are kept with its event. */
export function withoutCredentials(headers: Record<string, string>): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const name in headers) if (!CREDENTIALS.has(name)) kept[name] = headers[name] ?? ''
  return kept
}

/**
 * The headers of a request that was refused, as they may be shown: cookies are left out, signatures and whatever may be
 * a credential become `[64 characters]`, and what is long is cut.
 */
export function withoutSecrets(
  headers: Record<string, string>,
  signatureHeaders: readonly string[],
): Record<string, string> {
  const shown = Object.entries(headers)
    .filter(([name]) => !name.includes('cookie'))
    .slice(0, MOST_HEADERS)
    .map(([name, value]) => {
      const isSecret = SECRET.test(name) || signatureHeaders.includes(name)
      return [name, isSecret ? `[${value.length} characters]` : value.slice(0, LONGEST_VALUE)]
    })
  return Object.fromEntries(shown)
}
