import type { KeyObject } from 'node:crypto'
import type { SampleSource, WebhookSamples } from './cli/command.ts'
import type { SecretVariable } from './config.ts'
import type { Source } from './triggers/define.ts'
import type { Preset } from './triggers/webhook/preset.ts'
import { faultOf, isShort, secretsIn } from './triggers/webhook/secret.ts'

/** The variables in which the sources' secrets stand. */
export const sourceSecrets = (sources: Source[]): SecretVariable[] =>
  sources.flatMap(({ name, kind }) => {
    if (kind.kind !== 'webhook') return []
    const { preset, addressesVariable } = kind
    const { secret } = preset
    return [
      {
        name: secret.variable,
        source: name,
        meaning: secret.meaning,
        secretsIn: (text: string) => secretsIn(text, secret),
        keyOf: (value: string) => faultOf(secret, value) ?? secret.keyOf(value),
        ...(addressesVariable === undefined ? {} : { addressesVariable }),
        ...(preset.needsProxy === true ? { needsProxy: true } : {}),
      },
    ]
  })

/** The variables of which a secret is taken but shorter than it should be. */
export const shortSecrets = (
  sources: Source[],
  keys: ReadonlyMap<string, readonly KeyObject[]>,
): { source: string; variable: string }[] =>
  sources.flatMap(({ name: source, kind }) => {
    if (kind.kind !== 'webhook') return []
    const { variable } = kind.preset.secret
    return keys.get(variable)?.some(isShort) === true ? [{ source, variable }] : []
  })

/** How development makes each of these secrets. */
export const secretMakers = (sources: Source[]): Record<string, MakeSecret> =>
  Object.fromEntries(
    sources.flatMap(({ kind }) =>
      kind.kind === 'webhook' ? [[kind.preset.secret.variable, kind.preset.secret.make]] : [],
    ),
  )

/** Makes what a server verifies with, and what a sender signs with: the same, unless they are a pair of keys. */
export type MakeSecret = () => { verifying: string; signing: string }

/** The sources that `onset send` can speak for. */
export const sampleSources = (sources: Source[]): SampleSource[] =>
  sources.flatMap(({ name, kind, samples = {} }): SampleSource[] => {
    if (kind.kind === 'schedule') return []
    if (kind.kind === 'bus') return [{ name, kind: 'internal', samples }]
    return [webhookSamples({ name, preset: kind.preset, samples })]
  })

/** What a webhook of this name can be tried out with: the samples of its preset and its own. */
export const webhookSamples = ({
  name,
  preset,
  samples = {},
}: {
  name: string
  preset: Preset
  samples?: Record<string, unknown>
}): WebhookSamples => ({
  name,
  kind: 'webhook',
  samples: { ...preset.samples, ...samples },
  secretVariable: preset.secret.variable,
  secretsIn: (text) => secretsIn(text, preset.secret),
  compose: preset.compose,
})
