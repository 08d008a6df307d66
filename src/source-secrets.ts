import type { SampleSource } from './cli/command.ts'
import type { SecretVariable } from './config.ts'
import type { Source } from './triggers/define.ts'

/** The variables in which the sources' secrets stand. */
export const sourceSecrets = (sources: Source[]): SecretVariable[] =>
  sources.flatMap(({ name, kind }) => {
    if (kind.kind !== 'webhook') return []
    const { secretVariable, keyOf } = kind.preset
    return [{ name: secretVariable, source: name, keyOf }]
  })

/** In which form development makes each of these secrets. */
export const secretForms = (sources: Source[]): Record<string, 'hex' | 'whsec'> =>
  Object.fromEntries(
    sources.flatMap(({ kind }) =>
      kind.kind === 'webhook' ? [[kind.preset.secretVariable, kind.preset.secretForm]] : [],
    ),
  )

/** The sources that `onset send` can speak for. */
export const sampleSources = (sources: Source[]): SampleSource[] =>
  sources.flatMap(({ name, kind, samples = {} }): SampleSource[] => {
    if (kind.kind === 'schedule') return []
    if (kind.kind === 'bus') return [{ name, kind: 'internal', samples, sign: () => ({}) }]
    const { secretVariable, keyOf, sign } = kind.preset
    return [
      {
        name,
        kind: 'webhook',
        samples,
        secretVariable,
        sign(secret, body, { id, type, now }) {
          const key = keyOf(secret)
          if (typeof key === 'string') throw new Error(`${secretVariable} ${key}.`)
          return sign(body, key, { key: id, type, nowMs: now.getTime() })
        },
      },
    ]
  })
