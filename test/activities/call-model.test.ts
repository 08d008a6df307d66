import { asyncLocalStorage, CancelledFailure, Context, type Info } from '@temporalio/activity'
import { expect, test } from 'vitest'
import type { Answer } from '../../src/activities/answer.ts'
import { createCallModel } from '../../src/activities/call-model.ts'
import { newCall } from './answering.ts'

/** What Temporal puts around an activity, as far as this one needs it. */
function openActivity(info: Partial<Info> = {}) {
  const cancelling = new AbortController()
  const cancelled = new Promise<never>((_, reject) => {
    cancelling.signal.addEventListener('abort', () => reject(cancelling.signal.reason))
  })
  cancelled.catch(() => undefined)
  const beats: unknown[] = []
  const context: Context = Object.assign(Object.create(Context.prototype), {
    info: {
      activityId: '1',
      attempt: 1,
      heartbeatTimeoutMs: 15_000,
      workflowExecution: { workflowId: 'run', runId: 'execution' },
      ...info,
    },
    cancellationSignal: cancelling.signal,
    cancelled,
    heartbeat: (details: unknown) => void beats.push(details),
  })
  return {
    beats,
    cancel: () => cancelling.abort(new CancelledFailure('CANCELLED')),
    run: <Result>(work: () => Promise<Result>): Promise<Result> =>
      asyncLocalStorage.run(context, work),
  }
}

const reply = { output: 'Fine.', model: 'any', promptVersion: '1' }
const never = () => () => undefined

/** An answer that comes when the call is cancelled. */
const untilCancelled: Answer = (_, { signal }) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

test('an attempt is named for its activity, so that its reservations are found again', async () => {
  const { run } = openActivity({ attempt: 3 })
  const asked: unknown[] = []
  const callModel = createCallModel({
    onCancel: never,
    answer: async (_, { activity, number }) => {
      asked.push({ activity, number })
      return reply
    },
  })

  expect(await run(() => callModel(newCall()))).toEqual(reply)

  expect(asked).toEqual([{ activity: 'run/execution/1', number: 3 }])
})

test('a run that is cancelled through the API ends its call at once, and as cancelled', async () => {
  const { run, cancel } = openActivity()
  const watched = new Map<string, () => void>()
  const callModel = createCallModel({
    answer: untilCancelled,
    onCancel(runId, stop) {
      watched.set(runId, stop)
      return () => watched.delete(runId)
    },
  })

  const called = run(() => callModel(newCall()))
  watched.get('run')?.()
  // Temporal says so a moment later.
  setTimeout(cancel, 50)

  await expect(called).rejects.toThrow(CancelledFailure)
  await expect(called).rejects.toThrow('CANCELLED')
  expect(watched.size).toBe(0)
})

const ongoing = { provider: 'openai', responseId: 'resp_1', reservationId: 'run/1/a/0/1' }

/** Begins an answer in the background that it does not wait for. */
const dies: Answer = async (_, { background }) => {
  expect(background?.resume('openai')).toBeUndefined()
  background?.begun(ongoing)
  throw new Error('The connection broke.')
}

test('an answer in the background is handed to the next attempt by heartbeat', async () => {
  const first = openActivity()
  const resumed: unknown[] = []
  const resumes: Answer = async (_, { background }) => {
    resumed.push(background?.resume('openai'), background?.resume('other'))
    background?.over()
    return reply
  }

  const called = first.run(() => createCallModel({ onCancel: never, answer: dies })(newCall()))
  await expect(called).rejects.toThrow('The connection broke.')
  const second = openActivity({ heartbeatDetails: first.beats.at(-1) })
  await second.run(() => createCallModel({ onCancel: never, answer: resumes })(newCall()))

  expect(resumed).toEqual([ongoing, undefined])
  expect(second.beats.at(-1)).toBeNull()
})

test('a worker that is stopped leaves an answer in the background to the next', async () => {
  const givesUp: (boolean | undefined)[] = []
  const { run } = openActivity()
  const answer: Answer = async (_, { background }) => {
    givesUp.push(
      background?.givesUp(new CancelledFailure('WORKER_SHUTDOWN')),
      background?.givesUp(new CancelledFailure('CANCELLED')),
    )
    return reply
  }

  await run(() => createCallModel({ onCancel: never, answer })(newCall()))

  expect(givesUp).toEqual([false, true])
})
