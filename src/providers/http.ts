/** A JSON request to somebody else's server. */
export interface HttpRequest {
  url: string
  body: unknown
  headers: Record<string, string>
  signal: AbortSignal
}

/** What came back, or that nothing did. */
export type HttpAnswer =
  | { outcome: 'answered'; status: number; body: string; retryAfterMs?: number }
  | { outcome: 'unreachable'; message: string }

const TIMEOUT_MS = 20_000
const MOST_BYTES = 4_096
// A receiver may ask for a pause, but not for ever.
const LONGEST_PAUSE_MS = 15 * 60_000

/** Posts JSON within 20 s; follows no redirect and reads the first 4 KB of the answer. Throws only when cancelled. */
export async function postJson({ url, body, headers, signal }: HttpRequest): Promise<HttpAnswer> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { ...headers, 'content-type': 'application/json' },
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    })
    const retryAfterMs = pauseOf(response.headers.get('retry-after'))
    return {
      outcome: 'answered',
      status: response.status,
      body: await readBeginning(response, MOST_BYTES),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    }
  } catch (error) {
    signal.throwIfAborted()
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return {
      outcome: 'unreachable',
      message: cause instanceof Error ? cause.message : String(cause),
    }
  }
}

/** The first bytes of a body as text; what comes after them is not waited for. */
export async function readBeginning(response: Response, mostBytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= mostBytes) break
  }
  return Buffer.concat(chunks).subarray(0, mostBytes).toString('utf8')
}

function pauseOf(retryAfter: string | null): number | undefined {
  if (retryAfter === null || !/^\d{1,6}$/.test(retryAfter)) return undefined
  return Math.min(Number(retryAfter) * 1_000, LONGEST_PAUSE_MS)
}
