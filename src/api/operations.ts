import type { z } from 'zod'
import { EventsQuery, ReplaysQuery } from './event-schemas.ts'
import type { ProblemCode } from './problems.ts'
import { ApprovalsQuery, RejectsQuery, RunEventsQuery, RunsQuery, type named } from './schemas.ts'

type Name = keyof typeof named

/** One route as the OpenAPI document describes it. */
export interface Operation {
  method: 'get' | 'post'
  /** With parameters in braces. */
  path: string
  summary: string
  /** Needs no bearer token. */
  open?: true
  query?: z.ZodObject
  /** Headers that mean something here, with what they mean. */
  headers?: Record<string, string>
  /** Media types of the request with the schema of each; null stands for any JSON. */
  body?: Record<string, Name | null>
  answers: { status: number; description: string; mediaType?: string; schemas?: Name[] }[]
  problems?: ProblemCode[]
}

const bodyProblems = ['invalid_json', 'body_too_large', 'unsupported_media_type'] as const

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
  {
    method: 'post',
    path: '/api/events',
    summary: 'Brings one event or a batch: CloudEvents 1.0 in any mode, or the short form.',
    headers: {
      'Idempotency-Key': 'The key of a short event that has no id',
      'X-Onset-Hops': 'How many runs lie between the outside world and a short event; 0 by default',
      'X-Onset-Correlation-Id': 'The first event of the chain, for a short event',
      'X-Onset-Causation-Id': 'The event or run that caused a short event',
      'ce-specversion': 'With the other ce-… headers: the body is the data of one CloudEvent',
    },
    body: {
      'application/json': 'ShortEvent',
      'application/cloudevents+json': 'CloudEvent',
      'application/cloudevents-batch+json': 'CloudEventBatch',
    },
    answers: [
      {
        status: 202,
        description: 'Durable: one answer, or one for each event of a batch in its order',
        schemas: ['Accepted', 'AcceptedBatch'],
      },
    ],
    problems: ['invalid_event', ...bodyProblems, 'inbox_unavailable'],
  },
  {
    method: 'get',
    path: '/api/events',
    summary: 'Events, the youngest first.',
    query: EventsQuery,
    answers: [{ status: 200, description: 'One page', schemas: ['EventPage'] }],
    problems: ['invalid_request'],
  },
  {
    method: 'get',
    path: '/api/events/{id}',
    summary: 'One event with everything that came of it.',
    answers: [{ status: 200, description: 'The event', schemas: ['Event'] }],
    problems: ['not_found'],
  },
  {
    method: 'post',
    path: '/api/events/{id}/verify',
    summary: 'Judges the stored request again: with today’s keys, at its time of receipt.',
    answers: [{ status: 200, description: 'The verdict', schemas: ['Reverified'] }],
    problems: ['not_found'],
  },
  {
    method: 'post',
    path: '/api/events/{id}/release',
    summary: 'Lets an event go that is in quarantine, or whose dispatches are; with another body.',
    body: { 'application/json': 'Release' },
    answers: [{ status: 200, description: 'On its way', schemas: ['Event'] }],
    problems: ['invalid_request', ...bodyProblems, 'not_found', 'not_in_quarantine'],
  },
  {
    method: 'post',
    path: '/api/events/{id}/discard',
    summary: 'Gives an event up that is not dispatched, or its dispatches in quarantine.',
    body: { 'application/json': 'Discard' },
    answers: [{ status: 200, description: 'Given up', schemas: ['Event'] }],
    problems: ['invalid_request', ...bodyProblems, 'not_found', 'not_discardable'],
  },
  {
    method: 'post',
    path: '/api/events/{id}/replay',
    summary: 'Dispatches an event once more: new runs that name the old ones.',
    body: { 'application/json': 'Actor' },
    answers: [{ status: 202, description: 'The replay', schemas: ['Replay'] }],
    problems: ['invalid_request', ...bodyProblems, 'not_found', 'not_replayable'],
  },
  {
    method: 'post',
    path: '/api/replays',
    summary: 'Dispatches all events of a source, type and time range once more, at a chosen rate.',
    body: { 'application/json': 'NewReplay' },
    answers: [{ status: 202, description: 'The replay', schemas: ['Replay'] }],
    problems: ['invalid_request', ...bodyProblems, 'replay_too_large'],
  },
  {
    method: 'get',
    path: '/api/replays',
    summary: 'Replays with how far they are, the youngest first.',
    query: ReplaysQuery,
    answers: [{ status: 200, description: 'The youngest', schemas: ['ReplayList'] }],
    problems: ['invalid_request'],
  },
  {
    method: 'get',
    path: '/api/replays/{id}',
    summary: 'A replay with how far it is.',
    answers: [{ status: 200, description: 'The replay', schemas: ['Replay'] }],
    problems: ['not_found'],
  },
  {
    method: 'post',
    path: '/api/replays/{id}/cancel',
    summary: 'Leaves out what a replay has not done yet.',
    body: { 'application/json': 'Actor' },
    answers: [{ status: 200, description: 'As it stands', schemas: ['Replay'] }],
    problems: ['invalid_request', ...bodyProblems, 'not_found'],
  },
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
