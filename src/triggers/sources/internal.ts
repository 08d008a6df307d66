import { bus } from '../bus/bus.ts'
import { defineSource } from '../define.ts'

/** Events of our own systems, by `POST /api/events`. */
export const internal = defineSource({
  name: 'internal',
  kind: bus(),
  samples: {
    'review.requested': {
      author: 'ada',
      title: 'Make the widgets round',
      url: 'https://github.com/acme/widgets/pull/8',
      pullRequest: 'acme/widgets#8',
    },
    'review.submitted': { verdict: 'approved', by: 'grace' },
  },
})
