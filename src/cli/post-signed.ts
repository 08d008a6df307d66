import type { z } from 'zod'
import { Accepted, AcceptedBatch } from '../api/schemas.ts'
import { refusal, unreachable } from './api-client.ts'
import { CommandError, EXIT } from './exit.ts'

/** What an endpoint said: what became of one event, or its answer as it is where it is not one of ours. */
export type Answer = z.infer<typeof Accepted> | { status: number; body: string }

interface SignedRequest {
  url: string
  headers: Record<string, string>
  body: Uint8Array
}

// Longer than any provider waits; an endpoint of somebody else must not hold the command for ever.
const TIMEOUT_MS = 15_000
// Far more than an endpoint has to say.
const LONGEST_ANSWER = 64 * 1024

/**
 * Delivers a signed request, as it is and to no other place. Throws where it is not taken, and where the whole answer
 * does not come in time; of a long one only the first 64 KB are read.
 */
export async function postSigned(
  { url, headers, body }: SignedRequest,
  { timeoutMs = TIMEOUT_MS }: { timeoutMs?: number } = {},
): Promise<Answer[]> {
  const signal = AbortSignal.timeout(timeoutMs)
  const init = { method: 'POST', headers, body, redirect: 'manual', signal } as const
  const answered = await fetch(url, init)
    .then(async (response) => ({ response, text: await textOf(response) }))
    .catch((cause: unknown) => {
      throw signal.aborted
        ? late(url, { timeoutMs, cause })
        : unreachable(new URL(url).origin, cause)
    })
  const { response, text } = answered
  const { ok, status, statusText } = response
  if (!ok) throw await refusal(new Response(text, { status, statusText }))
  const said = readJson(text)
  const one = Accepted.safeParse(said)
  if (one.success) return [one.data]
  const several = AcceptedBatch.safeParse(said)
  return several.success ? several.data.events : [{ status, body: text }]
}

async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  // Leaving the loop cancels what is still to come.
  for await (const chunk of body ?? []) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= LONGEST_ANSWER) break
  }
  return Buffer.concat(chunks).subarray(0, LONGEST_ANSWER).toString()
}

function late(
  url: string,
  { timeoutMs, cause }: { timeoutMs: number; cause: unknown },
): CommandError {
  const message = `${new URL(url).origin} did not answer within ${timeoutMs / 1_000} s.`
  return new CommandError(message, { exitCode: EXIT.unreachable, cause })
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Other endpoints answer whatever they like.
    return undefined
  }
}
