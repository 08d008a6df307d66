import { eventOperations } from './event-operations.ts'
import { bodyProblems, type Operation } from './operation.ts'
import { ApprovalsQuery, RejectsQuery, RunEventsQuery, RunsQuery } from './schemas.ts'

/** Every route, in the order of the document. */
export const operations: Operation[] = [
  {
    method: 'post',
    path: '/hooks/{source}',
    summary: 'Delivers a signed webhook. Answered once the event is durable.',
    open: true,
    body: { '*/*': null },
    answers: [
      { status: 200, description: 'Durable: now, or already before', schemas: ['Accepted'] },
    ],
    problems: [
      'malformed_request',
      'invalid_request',
      'unauthorized',
      'forbidden',
      'not_found',
      'request_timeout',
      'body_too_large',
      'unsupported_media_type',
      'too_many_failures',
      'headers_too_large',
      'overloaded',
      'inbox_unavailable',
    ],
  },
  ...eventOperations,
  {
    method: 'get',
    path: '/api/rejects',
    summary: 'Requests that were refused at the door, without their bodies, the newest first.',
    query: RejectsQuery,
    answers: [{ status: 200, description: 'One page', schemas: ['RejectPage'] }],
    problems: ['invalid_request'],
  },
  {
    method: 'get',
    path: '/api/rejects/{id}',
    summary: 'One request that was refused at the door.',
    answers: [{ status: 200, description: 'The request', schemas: ['Reject'] }],
    problems: ['not_found'],
  },
  {
    method: 'get',
    path: '/api/runs',
    summary: 'Runs, the youngest first.',
    query: RunsQuery,
    answers: [{ status: 200, description: 'One page', schemas: ['RunPage'] }],
    problems: ['invalid_request'],
  },
  {
    method: 'get',
    path: '/api/runs/{id}',
    summary: 'One run with its steps.',
    answers: [{ status: 200, description: 'The run', schemas: ['RunDetails'] }],
    problems: ['not_found'],
  },
  {
    method: 'get',
    path: '/api/runs/{id}/events',
    summary: 'What happens in a run, from the beginning to its end, as Server-Sent Events.',
    query: RunEventsQuery,
    headers: { 'Last-Event-ID': '<run id>:<number> of the event that was read last' },
    answers: [
      {
        status: 200,
        description:
          'id is <run id>:<number>; the last event of the run has last: true in its data',
        mediaType: 'text/event-stream',
      },
      { status: 204, description: 'The run has ended and everything was read' },
    ],
    problems: ['invalid_request', 'not_found'],
  },
  {
    method: 'get',
    path: '/api/approvals',
    summary: 'What runs wait for people to decide.',
    query: ApprovalsQuery,
    answers: [{ status: 200, description: 'The approvals', schemas: ['Approvals'] }],
    problems: ['invalid_request'],
  },
  {
    method: 'post',
    path: '/api/approvals/{id}',
    summary: 'Decides an approval, by its own id or that of its run. The first decision stands.',
    body: { 'application/json': 'Decision' },
    answers: [{ status: 200, description: 'Decided', schemas: ['Approval'] }],
    problems: [
      'invalid_request',
      ...bodyProblems,
      'not_found',
      'already_decided',
      'expired',
      'several_open',
      'run_finished',
    ],
  },
  {
    method: 'get',
    path: '/healthz',
    summary: 'The process answers.',
    open: true,
    answers: [{ status: 200, description: 'It does', schemas: ['Health'] }],
  },
  {
    method: 'get',
    path: '/readyz',
    summary: 'Whether each part of the server can do its work.',
    open: true,
    answers: [
      { status: 200, description: 'All can', schemas: ['Readiness'] },
      { status: 503, description: 'Some cannot', schemas: ['Readiness'] },
    ],
  },
  {
    method: 'get',
    path: '/metrics',
    summary: 'Metrics for Prometheus.',
    open: true,
    answers: [{ status: 200, description: 'Text exposition format', mediaType: 'text/plain' }],
  },
  {
    method: 'get',
    path: '/openapi.json',
    summary: 'This document.',
    open: true,
    answers: [{ status: 200, description: 'OpenAPI 3.1', mediaType: 'application/json' }],
  },
]
