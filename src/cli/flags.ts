import { type ApiClient, createApiClient } from './api-client.ts'
import type { CommandInput } from './command.ts'
import { misuse } from './exit.ts'
import type { Server } from './server.ts'

/** Flags of every command that talks to a server. */
export const flags = {
  url: { type: 'string', meaning: 'Address of the server; the running one by default' },
  json: { type: 'boolean', meaning: 'Answer in JSON' },
} as const

/** A client of the server that `--url` names, else of the one that was found. */
export function openClient(input: CommandInput, found: Server): ApiClient {
  const url = input.text('url')
  if (url === undefined) return createApiClient(found)
  if (URL.canParse(url)) return createApiClient({ ...found, url: url.replace(/\/+$/, '') })
  throw misuse(`Expected an address such as http://localhost:3000 as --url, received '${url}'.`)
}

/** The number that a flag gives; undefined where it was not given. */
export function countOf(
  input: CommandInput,
  { name, most }: { name: string; most: number },
): number | undefined {
  const value = input.text(name)
  if (value === undefined) return undefined
  const count = Number(value)
  if (Number.isInteger(count) && count >= 1 && count <= most) return count
  throw misuse(`Expected a number from 1 to ${most} as --${name}, received '${value}'.`)
}
