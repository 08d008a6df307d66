import type { Operation } from './operation.ts'

const bodyProblems = ['invalid_json', 'body_too_large', 'unsupported_media_type'] as const

/** The routes of prompts as the OpenAPI document describes them. */
export const promptOperations: Operation[] = [
  {
    method: 'get',
    path: '/api/prompts',
    summary: 'All prompts with their labels.',
    answers: [{ status: 200, description: 'The prompts', schemas: ['PromptList'] }],
  },
  {
    method: 'get',
    path: '/api/prompts/{name}',
    summary: 'One prompt: its versions, and where its labels have pointed.',
    answers: [{ status: 200, description: 'The prompt', schemas: ['PromptHistory'] }],
    problems: ['not_found'],
  },
  {
    method: 'get',
    path: '/api/prompts/{name}/versions/{version}',
    summary: 'The text of a version, by its number or by a label.',
    answers: [{ status: 200, description: 'The version', schemas: ['PromptText'] }],
    problems: ['not_found'],
  },
  {
    method: 'post',
    path: '/api/prompts/{name}/versions',
    summary: 'Checks a text and keeps it as a version. No label moves.',
    body: { 'application/json': 'PromptPush' },
    answers: [
      { status: 200, description: 'Kept: now, or already before', schemas: ['PromptPushed'] },
    ],
    problems: ['invalid_request', ...bodyProblems, 'prompt_invalid'],
  },
  {
    method: 'post',
    path: '/api/prompts/{name}/labels',
    summary: 'Lets a label point to a version. Runs that begin later use it.',
    body: { 'application/json': 'PromptLabelling' },
    answers: [{ status: 200, description: 'It does', schemas: ['PromptLabel'] }],
    problems: ['invalid_request', ...bodyProblems, 'not_found', 'schema_differs'],
  },
  {
    method: 'post',
    path: '/api/prompts/{name}/calls',
    summary:
      'Calls a model with a prompt, in a run of its own. Its answer comes in the stream of the run.',
    body: { 'application/json': 'PromptCall' },
    answers: [{ status: 202, description: 'The run that calls', schemas: ['PromptCalled'] }],
    problems: [
      'invalid_request',
      ...bodyProblems,
      'not_found',
      'prompt_invalid',
      'temporal_unavailable',
    ],
  },
]
