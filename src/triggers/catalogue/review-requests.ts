import { z } from 'zod'
import { defineTrigger } from '../define.ts'
import { internal } from '../sources/internal.ts'

/** Requested reviews are chased until they are done. */
export const reviewRequests = defineTrigger({
  source: internal,
  when: (event) => event.type === 'review.requested',
  body: z.object({
    author: z.string(),
    title: z.string(),
    url: z.url(),
    pullRequest: z.string(),
    remindAfterHours: z.number().positive().optional(),
  }),
  read: ({ pullRequest, author, title, url, remindAfterHours }) => ({
    subject: pullRequest,
    author,
    title,
    url,
    ...(remindAfterHours === undefined ? {} : { remindAfterHours }),
  }),
  summary: ({ subject, title }) => `${subject}: ${title}`,
  workflow: 'chaseReview',
})
