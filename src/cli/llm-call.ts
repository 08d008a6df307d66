import { PromptCalled } from '../api/schemas.ts'
import type { ApiClient } from './api-client.ts'
import type { Command } from './command.ts'
import { CommandError, EXIT } from './exit.ts'
import { flags, openClient } from './flags.ts'
import { type FollowedEvent, followRun } from './follow.ts'
import { describeBill, readBill } from './llm-bill.ts'
import { readCall } from './llm-call-request.ts'
import { harmless, harmlessLines, type Print } from './print.ts'
import { pathOf } from './prompts-request.ts'

/** `onset llm call`: one model call of a prompt, outside of the runs that use it. */
export const call: Command = {
  name: 'llm call',
  usage:
    '<prompt> [--input <file or ->] [--label <label> | --version <n>] [--model <provider/model> | --tier <tier>] [--url <url>] [--json]',
  summary: 'Call a model with a prompt, and show its answer and what it cost',
  positionals: { least: 1, most: 1 },
  options: {
    input: {
      type: 'string',
      meaning: 'A JSON file with what the prompt takes; - reads it from here',
    },
    label: { type: 'string', meaning: 'The version that it points to; production by default' },
    version: { type: 'string', meaning: 'This version, whether or not a label points to it' },
    model: { type: 'string', meaning: 'provider/model: who answers, whomever the prompt names' },
    tier: { type: 'string', meaning: 'The same by tier' },
    by: { type: 'string', meaning: 'Who calls; you by default' },
    ...flags,
  },
  async run(input, context) {
    const { print } = context
    const [name = ''] = input.positionals
    const body = JSON.stringify(await readCall(input, context))
    const client = openClient(input, await context.server())
    const interrupted = context.interrupted()
    const { id, answers } = PromptCalled.parse(await client.post(`${pathOf(name)}/calls`, { body }))
    void interrupted.then(() => cancel(client, { id, print }))

    const json = input.flag('json')
    const streams = context.isTerminal && answers === 'text' && !json
    const { end, shown } = await follow(client, { id, print: streams ? print : null })
    const bill = await readBill(client, id)
    const { type, data } = end
    if (type !== 'run.completed') {
      tellFailure(end, print)
      if (bill !== null) print.error(describeBill(bill))
      return EXIT.failed
    }
    const { output } = data
    if (json) print.json({ run: id, output, ...bill })
    else if (typeof output !== 'string') print.json(output)
    else if (!shown) print.line(context.isTerminal ? harmlessLines(output) : output)
    if (!json && bill !== null) print.error(describeBill(bill))
    return EXIT.ok
  },
}

/** Follows the run to its end, and shows the text as it comes where there is somebody to read it. */
async function follow(
  client: ApiClient,
  { id, print }: { id: string; print: Print | null },
): Promise<{ end: FollowedEvent; shown: boolean }> {
  let shown = false
  let end: FollowedEvent | undefined
  for await (const event of followRun(client, id)) {
    if (event.type === 'llm.delta' && print !== null) {
      print.piece(harmlessLines(event.data.text ?? ''))
      shown = true
    }
    if (event.type === 'llm.reset' && shown) {
      print?.error('\nThe answer broke off, and begins anew:')
      shown = false
    }
    if (event.data.last === true) end = event
  }
  if (shown) print?.piece('\n')
  if (end !== undefined) return { end, shown }
  throw new CommandError(`The stream of the run ${id} has no end.`, { exitCode: EXIT.failed })
}

function tellFailure({ data: { failure, reason } }: FollowedEvent, print: Print): void {
  if (failure === undefined) return print.error(`${reason} (Run.Cancelled)`)
  print.error(`${harmless(failure.message)} (${failure.code})`)
  if (failure.remedy !== undefined) print.error(harmless(failure.remedy))
}

// The run says how it ends; one that has ended meanwhile says it, too.
async function cancel(
  client: ApiClient,
  { id, print }: { id: string; print: Print },
): Promise<void> {
  await client
    .post(`/api/runs/${encodeURIComponent(id)}/cancel`, { body: '{}' })
    .catch((error: unknown) => {
      if (!(error instanceof CommandError)) throw error
      if (error.exitCode !== EXIT.conflict) print.error(error.message)
    })
}
