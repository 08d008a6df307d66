import type { TriggerEvent } from '../contracts/event.ts'
import { act } from './steps/act.ts'
import { llm } from './steps/llm.ts'
import { waitForEvent } from './steps/wait-for-event.ts'

/** A review that somebody was asked for. */
export interface ReviewRequest {
  /** What is to be reviewed, such as `acme/widgets#7`; the subject of the event that ends the chase. */
  subject: string
  author: string
  title: string
  url: string
  /** How long to wait before each reminder; two days where absent. */
  remindAfterHours?: number
}

/** How a chase ended. */
export type ReviewOutcome =
  | { reviewed: true; reminders: number }
  | { reviewed: false; reminders: number }

const MOST_REMINDERS = 3

/** Waits for a review and reminds the reviewer of it, three times at most. */
export async function chaseReview({
  data: review,
}: TriggerEvent<ReviewRequest>): Promise<ReviewOutcome> {
  const hours = review.remindAfterHours ?? 48
  for (let reminders = 0; ; reminders += 1) {
    const submitted = await waitForEvent('review.submitted', {
      subject: review.subject,
      timeout: hours * 60 * 60 * 1_000,
    })
    if (submitted !== null) return { reviewed: true, reminders }
    if (reminders === MOST_REMINDERS) return { reviewed: false, reminders }
    await remind(review, Math.round(((reminders + 1) * hours) / 24))
  }
}

async function remind({ author, title, url }: ReviewRequest, daysWaiting: number): Promise<void> {
  const text = await llm.text('chase-review', { author, title, url, daysWaiting })
  await act.log('reviewer reminded', { url, text })
}
