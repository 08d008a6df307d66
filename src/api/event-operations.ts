import { EventsQuery, ReplaysQuery } from './event-schemas.ts'
import { bodyProblems, type Operation } from './operation.ts'

/** The routes of events and replays. */
export const eventOperations: Operation[] = [
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
]
