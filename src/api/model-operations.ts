import type { Operation } from './operation.ts'

/** The routes of models as the OpenAPI document describes them. */
export const modelOperations: Operation[] = [
  {
    method: 'get',
    path: '/api/models',
    summary: 'Tiers, providers, breakers and limits, as configured and as observed.',
    answers: [{ status: 200, description: 'How they stand', schemas: ['Models'] }],
  },
]
