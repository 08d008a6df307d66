import { Approval, Approvals } from '../api/schemas.ts'
import type { ApiClient } from './api-client.ts'
import type { Command } from './command.ts'
import { CommandError, EXIT, misuse } from './exit.ts'
import { flags, openClient } from './flags.ts'
import { harmless } from './print.ts'
import { table } from './table.ts'

/** `onset approvals`: what runs wait for people to decide. */
export const approvals: Command = {
  name: 'approvals',
  usage: '[--all] [--url <url>] [--json]',
  summary: 'List what waits for a decision',
  positionals: { least: 0, most: 0 },
  options: { all: { type: 'boolean', meaning: 'Those that are decided too' }, ...flags },
  async run(input, { server, print }) {
    const client = openClient(input, await server())
    const found = await list(client, input.flag('all') ? 'all' : 'open')
    if (input.flag('json')) {
      print.json(found)
      return EXIT.ok
    }
    const rows = found.map(({ id, runId, title, status, requestedAt, expiresAt }) => ({
      approval: id,
      status,
      requested: requestedAt,
      expires: expiresAt ?? 'never',
      title,
      run: runId,
    }))
    if (rows.length === 0) print.error('Nothing waits for a decision.')
    else for (const line of table(rows)) print.line(line)
    return EXIT.ok
  },
}

/** `onset approve`: decides an approval. */
export const approve: Command = {
  name: 'approve',
  usage:
    '<run or approval id> | --latest [--reject] [--reason <text>] [--by <name>] [--url <url>] [--json]',
  summary: 'Approve or reject what a run waits for',
  positionals: { least: 0, most: 1 },
  options: {
    latest: { type: 'boolean', meaning: 'The open approval that was requested last' },
    reject: { type: 'boolean', meaning: 'Say no' },
    reason: { type: 'string', meaning: 'Why; kept with the decision' },
    by: { type: 'string', meaning: 'Who decides; you by default' },
    ...flags,
  },
  async run(input, { server, print, user }) {
    const [id] = input.positionals
    const latest = input.flag('latest')
    if ((id === undefined) !== latest) throw misuse('Name a run or an approval, or give --latest.')
    const client = openClient(input, await server())
    const reason = input.text('reason')
    const body = JSON.stringify({
      decision: input.flag('reject') ? 'reject' : 'approve',
      by: input.text('by') ?? user,
      ...(reason === undefined ? {} : { reason }),
    })
    const path = `/api/approvals/${encodeURIComponent(id ?? (await findLatest(client)))}`
    const approval = Approval.parse(await client.post(path, { body }))

    if (input.flag('json')) print.json(approval)
    else
      print.line(
        `${approval.status} ${approval.id}: ${harmless(approval.title)} (run ${approval.runId})`,
      )
    return EXIT.ok
  },
}

async function list(client: ApiClient, status: 'open' | 'all') {
  const answer = await client.get(`/api/approvals?status=${status}&limit=200`)
  return Approvals.parse(answer).approvals
}

async function findLatest(client: ApiClient): Promise<string> {
  const youngestFirst = await list(client, 'all')
  const latest = youngestFirst.find(({ status }) => status === 'open')
  if (latest !== undefined) return latest.id
  throw new CommandError('Nothing waits for a decision. (not_found)', { exitCode: EXIT.notFound })
}
