import { scripted } from '../../src/providers/scripted.ts'
import type { ChatProvider } from '../../src/providers/chat.ts'

/** What every call of these benchmarks asks for: the variables of the prompt `chase-review`. */
export interface Question {
  author: string
  title: string
  url: string
  daysWaiting: number
}

/** A question like every other one. */
export const question: Question = {
  author: 'ada',
  title: 'Make the widgets round',
  url: 'https://github.com/acme/widgets/pull/8',
  daysWaiting: 2,
}

/** A stand-in for a model, in the worker's process: four words in 20 ms. */
export const quickModel = (): ChatProvider =>
  scripted({ answers: { 'chase-review': ['Please have a look.'] }, msPerWord: 5 })
