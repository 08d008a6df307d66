import { presetsByName } from '../../../src/triggers/webhook/presets/by-name.ts'
import { verify, type Judgement } from '../../../src/triggers/webhook/verify.ts'
import { composed, now } from './presets/composed.ts'
import { type Case, caseOf, presetOf, vectors } from './vectors.ts'

/** Every vector that holds, and of every preset a request that it composed itself. */
export const goodCases: Case[] = [
  ...vectors.filter(({ valid }) => valid === true).map(caseOf),
  ...Object.keys(presetsByName).map((provider): Case => {
    const preset = presetOf(provider)
    const { request, keys } = composed(preset)
    return { name: `${provider}, composed`, provider, preset, request, keys, nowMs: now.getTime() }
  }),
]

// Nothing is signed there, or only a token is.
const BODY_IS_FREE = ['mailgun', 'postmark', 'salesforce', 'basic', 'bearer', 'client-certificate']

/** Those in which the body is signed. */
export const signedBodies = goodCases.filter(({ provider }) => !BODY_IS_FREE.includes(provider))

/** Those that have one header with a signature. */
export const signedHeaders = goodCases.filter(
  ({ provider }) => !['mailgun', ...BODY_IS_FREE.slice(1)].includes(provider),
)

/** The header with the signature in a case. */
export function signatureHeaderOf({ name, preset, request }: Case): string {
  const found = preset.signatureHeaders.find((header) => Object.hasOwn(request.headers, header))
  if (found === undefined) throw new Error(`Expected a signature header in ${name}.`)
  return found
}

/** What the verifier says to a case, with changes. A header that is undefined is left out. */
export function judgeCase(
  { preset, request, keys, nowMs }: Case,
  changes: {
    headers?: Record<string, string | undefined>
    body?: Uint8Array
    nowMs?: number
    keys?: Case['keys']
  } = {},
): Promise<Judgement> {
  const headers = Object.entries({ ...request.headers, ...changes.headers }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  return verify(
    { preset, keys: changes.keys ?? keys },
    { ...request, headers: Object.fromEntries(headers), body: changes.body ?? request.body },
    changes.nowMs ?? nowMs,
  )
}
