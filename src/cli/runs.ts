import { z } from 'zod'
import { Run, RunDetails, RunPage } from '../api/schemas.ts'
import type { ApiClient } from './api-client.ts'
import type { Command, CommandInput } from './command.ts'
import { EXIT, misuse } from './exit.ts'
import { flags, openClient } from './flags.ts'
import { followRun } from './follow.ts'
import { ACTIONS, decideStep } from './parked.ts'
import { pageQuery, printPage } from './pages.ts'
import { harmless, type Print } from './print.ts'
import { createStory } from './story.ts'
import { table } from './table.ts'

/** `onset runs`: the list of runs, one of them with its steps, or what happens in it until its end. */
export const runs: Command = {
  name: 'runs',
  usage:
    '[run id] [--follow] [--status <status>] [--workflow <name>] [--limit <n>] [--url <url>] [--json]\n' +
    '       npx onset runs retry|skip|fail <run id> [step] [--value <json>] [--reason <text>] [--by <name>]\n' +
    '       npx onset runs cancel <run id>',
  summary: 'List the runs, look at one, help one that is parked, or cancel one',
  positionals: { least: 0, most: 3 },
  options: {
    follow: {
      type: 'boolean',
      meaning: 'Print what happens until the run ends; 1 unless it completes',
    },
    status: { type: 'string', meaning: 'running, waiting, parked, completed, failed or cancelled' },
    workflow: { type: 'string', meaning: 'Only runs of this workflow' },
    limit: { type: 'string', meaning: 'At most so many; 50 by default' },
    after: { type: 'string', meaning: 'The next page, as the page before names it' },
    value: { type: 'string', meaning: 'With skip: what stands in for the step, as JSON' },
    reason: { type: 'string', meaning: 'Why; kept with the decision' },
    by: { type: 'string', meaning: 'Who decides; you by default' },
    ...flags,
  },
  async run(input, { server, print, user }) {
    const [id, ...rest] = input.positionals
    const action = ACTIONS.find((each) => each === id)
    if (action !== undefined) {
      return decideStep(openClient(input, await server()), { action, input, print, user })
    }
    if (id === 'cancel' && rest.length < 2) {
      return cancel(openClient(input, await server()), { id: rest[0], input, print })
    }
    if (rest.length > 0) {
      throw misuse(`Expected retry, skip, fail or cancel before a run, received '${id}'.`)
    }
    if (id === undefined && input.flag('follow'))
      throw misuse('Name the run that --follow is to follow.')
    const client = openClient(input, await server())
    if (id === undefined) return list(client, { input, print })
    if (input.flag('follow')) return follow(client, { id, json: input.flag('json'), print })
    return show(client, { id, json: input.flag('json'), print })
  },
}

interface RunRequest {
  id: string
  json: boolean
  print: Print
}

async function list(
  client: ApiClient,
  { input, print }: { input: CommandInput; print: Print },
): Promise<number> {
  const query = pageQuery(input, ['status', 'workflow'])
  const { runs: items, next } = RunPage.parse(await client.get(`/api/runs?${query}`))
  return printPage({ items, next }, { input, print, rowOf, none: 'There are no runs.' })
}

const rowOf = ({
  id,
  status,
  waitingFor,
  step,
  startedAt,
  summary,
}: z.infer<typeof RunPage>['runs'][number]) => ({
  run: id,
  status: waitingFor === null ? status : `${status} (${waitingFor})`,
  step: step ?? '',
  started: startedAt,
  summary,
})

async function show(client: ApiClient, { id, json, print }: RunRequest): Promise<number> {
  const run = RunDetails.parse(await client.get(`/api/runs/${encodeURIComponent(id)}`))
  if (json) {
    print.json(run)
    return EXIT.ok
  }
  const { steps, result, failure, waitingFor, ...facts } = run
  for (const [name, value] of Object.entries({ ...facts, waitingFor })) {
    if (value !== null) print.line(`${name.padEnd(11)}${harmless(value)}`)
  }
  if (failure !== null) print.line(`failure    ${harmless(failure.message)} (${failure.code})`)
  if (failure?.remedy !== undefined) print.line(`remedy     ${harmless(failure.remedy)}`)
  if (run.status === 'completed') print.line(`result     ${harmless(JSON.stringify(result))}`)
  if (steps.length > 0) print.line('')
  const rows = steps.map(({ step, kind, status, startedAt, endedAt, summary, failure: why }) => ({
    step,
    kind,
    status,
    took: endedAt === null ? '' : `${Date.parse(endedAt) - Date.parse(startedAt)} ms`,
    summary,
    failure: why === null ? '' : `${why.message} (${why.code})`,
  }))
  for (const line of rows.length === 0 ? [] : table(rows)) print.line(line)
  return EXIT.ok
}

async function cancel(
  client: ApiClient,
  { id, input, print }: { id: string | undefined; input: CommandInput; print: Print },
): Promise<number> {
  if (id === undefined) throw misuse('Name the run that is to be cancelled.')
  const path = `/api/runs/${encodeURIComponent(id)}/cancel`
  const run = Run.parse(await client.post(path, { body: '{}' }))
  if (input.flag('json')) print.json(run)
  else print.line(harmless(`cancel ${run.id}`))
  return EXIT.ok
}

const Ended = z.enum(['completed', 'failed', 'cancelled'])

async function follow(client: ApiClient, { id, json, print }: RunRequest): Promise<number> {
  const tell = json ? undefined : createStory(print)
  let ended: z.infer<typeof Ended> | undefined
  for await (const event of followRun(client, id)) {
    if (tell === undefined) print.line(JSON.stringify(event))
    else tell(event)
    ended = Ended.safeParse(event.type.replace('run.', '')).data
  }
  return ended === 'completed' ? EXIT.ok : EXIT.failed
}
