import { ParkedStep, ParkedSteps } from '../api/schemas.ts'
import type { ApiClient } from './api-client.ts'
import type { CommandInput } from './command.ts'
import { CommandError, EXIT, misuse } from './exit.ts'
import { harmless, type Print } from './print.ts'

/** What can be said about a parked step. */
export const ACTIONS = ['retry', 'skip', 'fail'] as const

/** `onset runs retry|skip|fail`: says how a parked step goes on; the only one of its run where none is named. */
export async function decideStep(
  client: ApiClient,
  {
    action,
    input,
    print,
    user,
  }: { action: (typeof ACTIONS)[number]; input: CommandInput; print: Print; user: string },
): Promise<number> {
  const [, runId, named] = input.positionals
  if (runId === undefined) throw misuse(`Name the run whose parked step is to ${action}.`)
  const step = named ?? (await onlyParkedStep(client, runId))
  const reason = input.text('reason')
  const body = JSON.stringify({
    action,
    by: input.text('by') ?? user,
    ...(reason === undefined ? {} : { reason }),
    ...(action === 'skip' ? { value: valueOf(input.text('value')) } : {}),
  })
  const path = `/api/runs/${encodeURIComponent(runId)}/steps/${encodeURIComponent(step)}`
  const parked = ParkedStep.parse(await client.post(path, { body }))

  if (input.flag('json')) print.json(parked)
  else print.line(harmless(`${action} ${parked.step} of ${parked.runId}`))
  return EXIT.ok
}

async function onlyParkedStep(client: ApiClient, runId: string): Promise<string> {
  const { parked } = ParkedSteps.parse(await client.get('/api/parked?limit=200'))
  const steps = parked.filter((each) => each.runId === runId).map(({ step }) => step)
  const [step] = steps
  if (step === undefined) {
    const message = `No step of the run '${runId}' is parked. (not_found)`
    throw new CommandError(message, { exitCode: EXIT.notFound })
  }
  if (steps.length > 1) throw misuse(`Name one of the parked steps: ${steps.join(', ')}.`)
  return step
}

function valueOf(text: string | undefined): unknown {
  if (text === undefined) throw misuse('Say with --value what stands in for the step, as JSON.')
  try {
    return JSON.parse(text)
  } catch {
    throw misuse(`Expected JSON as --value, received '${text}'. Text goes in double quotes.`)
  }
}
