import type { KeyObject } from 'node:crypto'
import type { Judged, Providers, RequestToJudge, WebhookSamples } from '../cli/command.ts'
import { webhookSamples } from '../source-secrets.ts'
import type { Preset } from '../triggers/webhook/preset.ts'
import { presetNamed, presetsByName } from '../triggers/webhook/presets/by-name.ts'
import { verificationOf, verify } from '../triggers/webhook/verify.ts'

// Where no source names the variable of a secret, the command line does.
const NO_VARIABLE = ''

/** Opens every preset by its name. */
export function openProviders(): Providers {
  const made = new Map<string, Preset>()

  return {
    names: Object.keys(presetsByName),
    samplesOf,
    judge,
  }

  function presetOf(name: string): Preset | undefined {
    const preset = made.get(name) ?? presetNamed(name)?.(NO_VARIABLE)
    if (preset !== undefined) made.set(name, preset)
    return preset
  }

  function samplesOf(name: string): WebhookSamples | undefined {
    const preset = presetOf(name)
    return preset === undefined ? undefined : webhookSamples({ name, preset })
  }

  async function judge({ provider, secrets, nowMs, ...request }: RequestToJudge): Promise<Judged> {
    const preset = presetOf(provider)
    if (preset === undefined) return no('provider', `No preset is called '${provider}'.`)
    if (secrets.length === 0) return no('secret', 'No secret was given.')
    const keys: KeyObject[] = []
    for (const [index, secret] of secrets.entries()) {
      const key = preset.secret.keyOf(secret)
      if (typeof key === 'string') return no('secret', `Secret ${index + 1} ${key}.`)
      keys.push(key)
    }
    const judged = await verify({ preset, keys }, request, nowMs)
    if (!judged.verified) return no(judged.step, judged.reason)
    const { key, signedAt } = verificationOf(judged.verification)
    return { valid: true, key, keys: keys.length, ...(signedAt === undefined ? {} : { signedAt }) }
  }
}

const no = (step: string, reason: string): Judged => ({ valid: false, step, reason })
