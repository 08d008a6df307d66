import type { KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Preset } from '../../../src/triggers/webhook/preset.ts'
import { presetNamed } from '../../../src/triggers/webhook/presets/by-name.ts'
import type { RawRequest } from '../../../src/triggers/webhook/request.ts'
import { keyOf } from './presets/composed.ts'

const Vector = z.object({
  id: z.string(),
  provider: z.string(),
  secret: z.string().optional(),
  public_key: z.string().optional(),
  secret_key: z.string().optional(),
  method: z.string().default('POST'),
  url: z.string().default(''),
  content_type: z.string().optional(),
  body: z.string().optional(),
  params: z.record(z.string(), z.string()).default({}),
  now: z.number().optional(),
  now_ms: z.number().optional(),
  headers: z.record(z.string(), z.string()).default({}),
  message: z.string().optional(),
  expected_hex: z.string().optional(),
  signature_hex: z.string().optional(),
  expected_response: z.object({ json: z.unknown() }).optional(),
  valid: z.boolean().optional(),
})

/** A request, or a primitive, with a known verdict. */
export type Vector = z.infer<typeof Vector>

const file = z
  .object({ vectors: z.array(Vector), mutations: z.array(z.object({ id: z.string() })) })
  .parse(JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8')))

/** Requests with known verdicts. */
export const vectors = file.vectors.filter(({ provider }) => provider !== 'primitive')

/** Algorithms with known results. */
export const primitives = file.vectors.filter(({ provider }) => provider === 'primitive')

/** Every way to spoil a request that there must be a test for. */
export const mutations = file.mutations.map(({ id }) => id)

/** A request that holds at a time, under some keys, by the rules of a preset. */
export interface Case {
  name: string
  provider: string
  preset: Preset
  request: RawRequest
  keys: KeyObject[]
  nowMs: number
}

/** A vector as a case. */
export function caseOf(vector: Vector): Case {
  const { id, provider, method, url, headers, body } = vector
  const preset = presetOf(provider)
  const form = new URLSearchParams(vector.params).toString()
  const contentType = body === undefined ? 'application/x-www-form-urlencoded' : 'application/json'
  return {
    name: id,
    provider,
    preset,
    request: {
      method,
      url,
      headers: { 'content-type': vector.content_type ?? contentType, ...headers },
      body: Buffer.from(body ?? form),
      address: undefined,
      proxied: false,
    },
    keys: [keyOf(preset, vector.secret ?? vector.public_key ?? '')],
    nowMs: nowOf(vector),
  }
}

/** The preset of a provider. Throws where there is none. */
export function presetOf(provider: string): Preset {
  const make = presetNamed(provider)
  if (make === undefined) throw new Error(`Expected a preset for ${provider}.`)
  return make('SECRET')
}

// Where neither is given, the scheme signs no time, or the time is the one that SendGrid's header says.
function nowOf({ now, now_ms: nowMs, headers }: Vector): number {
  const said = Number(headers['x-twilio-email-event-webhook-timestamp'] ?? 0)
  return nowMs ?? (now ?? said) * 1_000
}
