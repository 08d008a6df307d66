import type { FollowedEvent } from './follow.ts'
import { harmless, harmlessLines, type Print } from './print.ts'

type Tell = (data: FollowedEvent['data']) => string

const sentences: Record<string, Tell> = {
  'run.started': ({ workflow, summary }) => `started   ${workflow}: ${summary}`,
  'step.started': ({ step, kind, summary }) => `step      ${step} (${kind}) ${summary ?? ''}`,
  'step.completed': ({ step }) => `done      ${step}`,
  'step.failed': ({ step, failure }) => `failed    ${step}: ${failure?.message} (${failure?.code})`,
  'llm.started': ({ step, model }) => `model     ${step}: ${model}`,
  'llm.reset': ({ step }) => `again     ${step}: what the model wrote so far no longer counts`,
  'run.waiting': ({ waitingFor, title, approvalId }) =>
    `waiting   for ${waitingFor}: ${title}${approvalId === undefined ? '' : `; npx onset approve ${approvalId}`}`,
  'run.parked': ({ step, failure }) =>
    `parked    ${step}: ${failure?.message} (${failure?.code}); npx onset runs retry|skip|fail <run> ${step}`,
  'run.resumed': ({ step, outcome }) => `resumed   ${step}: ${outcome}`,
  'run.completed': ({ output }) => `completed ${JSON.stringify(output)}`,
  'run.failed': ({ failure }) => `failed    ${failure?.message} (${failure?.code})`,
  'run.cancelled': ({ reason }) => `cancelled ${reason}`,
}

/** Tells what happens in a run, one line each, and the model's text as it comes. */
export function createStory(print: Print): (event: FollowedEvent) => void {
  let inText = false

  return ({ type, data }) => {
    if (type === 'llm.delta') {
      inText = true
      return print.piece(harmlessLines(data.text ?? ''))
    }
    const sentence = sentences[type]
    if (sentence === undefined) return undefined
    if (inText) print.piece('\n')
    inText = false
    return print.line(harmless(sentence(data)))
  }
}
