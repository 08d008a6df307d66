import { readFile } from 'node:fs/promises'
import { Event, Reverified } from '../api/event-schemas.ts'
import type { EventCommand } from './events.ts'
import { CommandError, EXIT } from './exit.ts'
import { harmless } from './print.ts'

/** Judges a stored request again; 1 where it does not hold. */
export async function verifyEvent({ client, input, print, id }: EventCommand): Promise<number> {
  const verdict = Reverified.parse(await client.post(pathOf(id, 'verify'), { body: '{}' }))
  const { valid, step, reason } = verdict
  if (input.flag('json')) print.json(verdict)
  else if (valid) print.line('valid')
  else print.line(`not valid${step === undefined ? '' : ` (${step})`}: ${harmless(reason ?? '')}`)
  return valid ? EXIT.ok : EXIT.failed
}

/** Lets an event go that is in quarantine, with another body where `--body` names a file. */
export async function releaseEvent(command: EventCommand): Promise<number> {
  const file = command.input.text('body')
  const repaired = file === undefined ? {} : { bodyBase64: await readBody(file) }
  return act(command, { verb: 'release', more: repaired })
}

/** Gives an event up. */
export async function discardEvent(command: EventCommand): Promise<number> {
  const reason = command.input.text('reason')
  return act(command, { verb: 'discard', more: reason === undefined ? {} : { reason } })
}

async function act(
  { client, input, print, id, by }: EventCommand,
  { verb, more }: { verb: 'release' | 'discard'; more: Record<string, string> },
): Promise<number> {
  const body = JSON.stringify({ by, ...more })
  const event = Event.parse(await client.post(pathOf(id, verb), { body }))
  if (input.flag('json')) print.json(event)
  else print.line(`${event.state} ${event.id}`)
  return EXIT.ok
}

async function readBody(file: string): Promise<string> {
  try {
    return (await readFile(file)).toString('base64')
  } catch (cause) {
    const message = `${file} cannot be read: ${String(cause)}`
    throw new CommandError(message, { exitCode: EXIT.failed, cause })
  }
}

const pathOf = (id: string, verb: string): string => `/api/events/${encodeURIComponent(id)}/${verb}`
