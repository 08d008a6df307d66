import { z } from 'zod'
import { defineTrigger } from '../define.ts'
import { github } from '../sources/github.ts'

/** Issues that were opened are triaged. */
export const newIssues = defineTrigger({
  source: github,
  when: (event) => event.type === 'issues.opened',
  body: z.object({
    issue: z.object({ number: z.number(), title: z.string(), body: z.string().nullable() }),
    repository: z.object({ full_name: z.string() }),
  }),
  // The model never sees what it does not need.
  read: ({ issue, repository }) => ({
    repository: repository.full_name,
    number: issue.number,
    title: issue.title,
    body: issue.body ?? '',
  }),
  summary: ({ repository, number, title }) => `${repository}#${number}: ${title}`,
  workflow: 'triageIssue',
})
