import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { messageOf } from '../contracts/message-of.ts'
import type { Command, CommandContext, CommandInput, Judged } from './command.ts'
import { CommandError, EXIT, misuse } from './exit.ts'
import { judgeLines } from './judge-lines.ts'
import { unknownWord } from './nearest.ts'
import { harmless } from './print.ts'
import { StoredRequest, toRequest } from './stored-request.ts'

/** `onset verify`: judges stored requests as an endpoint would, without a server. */
export const verify: Command = {
  name: 'verify',
  usage:
    '--preset <name> --secret-env <name,…> --request <file> [--now <unix seconds>] [--json] | --jsonl',
  summary: 'Say whether a stored webhook is really from its sender, and why not',
  positionals: { least: 0, most: 0 },
  options: {
    preset: { type: 'string', meaning: 'Whose rules hold, such as stripe' },
    'secret-env': { type: 'string', meaning: 'The variables with the secrets, several by commas' },
    request: {
      type: 'string',
      meaning: 'File with { method, url, headers, body or bodyBase64 } in JSON',
    },
    now: { type: 'string', meaning: 'When it came in, in Unix seconds; now by default' },
    json: { type: 'boolean', meaning: 'Answer in JSON' },
    jsonl: {
      type: 'boolean',
      meaning: 'Judge one request per line of standard input, each with provider, secrets and now',
    },
  },
  run: (input, context) =>
    input.flag('jsonl') ? verifyLines(context) : verifyFile(input, context),
}

async function verifyLines({ input, providers, print }: CommandContext): Promise<number> {
  for await (const judged of judgeLines(input(), await providers())) {
    const { valid } = judged
    const [step, reason] = judged.valid ? [null, null] : [judged.step, judged.reason]
    print.line(JSON.stringify({ valid, step, reason }))
  }
  return EXIT.ok
}

async function verifyFile(
  input: CommandInput,
  { env, providers, print }: CommandContext,
): Promise<number> {
  const provider = needed(input, 'preset')
  const names = needed(input, 'secret-env')
  const request = await readRequest(needed(input, 'request'))
  const nowMs = timeOf(input.text('now'))
  const known = await providers()
  const samples = known.samplesOf(provider)
  if (samples === undefined) throw misuse(unknownWord('preset', provider, known.names))
  const secrets = textsIn(env, names).flatMap(samples.secretsIn)
  const judged = await known.judge({ ...request, provider, secrets, nowMs })
  if (input.flag('json')) print.json(judged.valid ? { ...judged, reason: null } : judged)
  else print.line(sentence(judged))
  return judged.valid ? EXIT.ok : EXIT.failed
}

function sentence(judged: Judged): string {
  if (!judged.valid) return `not valid (${judged.step}): ${harmless(judged.reason)}`
  const { key, keys, signedAt } = judged
  const at = signedAt === undefined ? '' : `, signed at ${signedAt}`
  return `valid: secret ${key} of ${keys}${at}`
}

function needed(input: CommandInput, name: string): string {
  const value = input.text(name)
  if (value === undefined) throw misuse(`--${name} is missing. See npx onset verify --help.`)
  return value
}

function textsIn(env: CommandContext['env'], names: string): string[] {
  return names.split(',').map((name) => {
    const value = env[name.trim()]
    if (value !== undefined && value !== '') return value
    throw new CommandError(`Set ${name.trim()} to what the request is signed with.`, {
      exitCode: EXIT.failed,
    })
  })
}

async function readRequest(file: string) {
  try {
    const request = toRequest(StoredRequest.parse(JSON.parse(await readFile(file, 'utf8'))))
    if (typeof request !== 'string') return request
    throw new Error(request)
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : messageOf(cause)
    const exitCode = EXIT.failed
    throw new CommandError(`${file} holds no request: ${why}`, { exitCode, cause })
  }
}

function timeOf(seconds: string | undefined): number {
  if (seconds === undefined) return Date.now()
  if (/^\d{1,13}(\.\d+)?$/.test(seconds)) return Number(seconds) * 1_000
  throw misuse(`Expected Unix seconds as --now, received '${seconds}'.`)
}
