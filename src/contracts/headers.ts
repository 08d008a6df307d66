// What proves who is asking is kept nowhere.
const CREDENTIALS = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie'])
// What others may have put a secret into: it is only ever shown by its length.
const SECRET = /assertion|auth|cookie|credential|jwt|key|passw|secret|session|signature|token/
// Times, and what senders call their requests, let nobody in.
const HARMLESS = /^idempotency-key$|-timestamp$/
const MOST_HEADERS = 64
const LONGEST_VALUE = 500

/** The headers of a request as they are kept with its event. */
export function withoutCredentials(headers: Record<string, string>): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const name in headers) if (!CREDENTIALS.has(name)) kept[name] = headers[name] ?? ''
  return kept
}

/**
 * The headers of an event as they may be shown: all of them, with what may be a credential as `[64 characters]`. The
 * signatures of its source are shown: they prove one body alone.
 */
export function withSecretsMasked(
  headers: Record<string, string>,
  signatureHeaders: readonly string[],
): Record<string, string> {
  const shown = Object.entries(headers).map(([name, value]) => {
    const isSecret = mayBeSecret(name) && !signatureHeaders.includes(name)
    return [name, isSecret ? lengthOf(value) : value]
  })
  return Object.fromEntries(shown)
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
      const isSecret = mayBeSecret(name) || signatureHeaders.includes(name)
      return [name, isSecret ? lengthOf(value) : value.slice(0, LONGEST_VALUE)]
    })
  return Object.fromEntries(shown)
}

const mayBeSecret = (name: string): boolean => SECRET.test(name) && !HARMLESS.test(name)
const lengthOf = (value: string): string => `[${value.length} characters]`
