import type { z } from 'zod'
import { Accepted, AcceptedBatch } from '../api/schemas.ts'
import { refusal, unreachable } from './api-client.ts'

/** What an endpoint said: what became of one event, or its answer as it is where it is not one of ours. */
export type Answer = z.infer<typeof Accepted> | { status: number; body: string }

interface SignedRequest {
  url: string
  headers: Record<string, string>
  body: Uint8Array
}

/** Delivers a signed request, as it is and to no other place. Throws where it is not taken. */
export async function postSigned({ url, headers, body }: SignedRequest): Promise<Answer[]> {
  const init = { method: 'POST', headers, body, redirect: 'manual' } as const
  const response = await fetch(url, init).catch((cause: unknown) => {
    throw unreachable(new URL(url).origin, cause)
  })
  if (!response.ok) throw await refusal(response)
  const text = await response.text()
  const said = readJson(text)
  const one = Accepted.safeParse(said)
  if (one.success) return [one.data]
  const several = AcceptedBatch.safeParse(said)
  return several.success ? several.data.events : [{ status: response.status, body: text }]
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Other endpoints answer whatever they like.
    return undefined
  }
}
