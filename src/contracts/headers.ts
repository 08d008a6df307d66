// What proves who is asking is kept nowhere.
const CREDENTIALS = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie'])

/** The headers of a request as they are kept with its event. */
export function withoutCredentials(headers: Record<string, string>): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const name in headers) if (!CREDENTIALS.has(name)) kept[name] = headers[name] ?? ''
  return kept
}
