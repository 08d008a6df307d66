import { z } from 'zod'
import type { RequestToJudge } from './command.ts'

const Header = z.union([z.string(), z.array(z.string())])

/** A request as somebody has written it down. Header names are in any case; a header that came twice is a list. */
export const StoredRequest = z.object({
  method: z.string().default('POST'),
  /** The public URL that the sender called. */
  url: z.string().default(''),
  headers: z.record(z.string(), Header).default({}),
  /** As text; `bodyBase64` where it is to be exact. */
  body: z.string().optional(),
  bodyBase64: z.string().optional(),
  address: z.string().nullish(),
  /** Whether a trusted proxy handed it over. */
  proxied: z.boolean().default(false),
})

/** The request itself; a string says what is wrong with it. */
export function toRequest({
  method,
  url,
  headers,
  body = '',
  bodyBase64,
  address,
  proxied,
}: z.infer<typeof StoredRequest>): Omit<RequestToJudge, 'provider' | 'secrets' | 'nowMs'> | string {
  const bytes = Buffer.from(bodyBase64 ?? body, bodyBase64 === undefined ? 'utf8' : 'base64')
  if (bodyBase64 !== undefined && bytes.toString('base64') !== bodyBase64) {
    return 'bodyBase64 is no base64 with its padding.'
  }
  return {
    method,
    url,
    headers: lowerCase(headers),
    body: bytes,
    address: address ?? undefined,
    proxied,
  }
}

// As Node joins what came twice.
function lowerCase(headers: Record<string, string | string[]>): Record<string, string> {
  const joined = new Map<string, string>()
  for (const [given, value] of Object.entries(headers)) {
    const name = given.toLowerCase()
    const before = joined.get(name)
    joined.set(name, [...(before === undefined ? [] : [before]), ...[value].flat()].join(', '))
  }
  return Object.fromEntries(joined)
}
