import { expect, test } from 'vitest'
import { checkLedger, type Ledger, type ViolationKind } from './ledger.ts'

/** Three events: `a` means both triggers, `b` none, `c` was kept although nobody heard of it. */
const sound = (): Mutable => ({
  sent: ['a', 'b', 'c', 'refused'].map((key) => ({ key, type: key === 'b' ? 'edited' : 'opened' })),
  answered: ['a', 'b'],
  events: [
    { id: 'evt_a', key: 'a', type: 'opened' },
    { id: 'evt_b', key: 'b', type: 'edited' },
    { id: 'evt_c', key: 'c', type: 'opened' },
  ],
  dispatches: [
    { eventId: 'evt_a', trigger: 'first', replay: '', runId: 'run_a1' },
    { eventId: 'evt_a', trigger: 'second', replay: '', runId: 'run_a2' },
    { eventId: 'evt_c', trigger: 'first', replay: '', runId: 'run_c1' },
    { eventId: 'evt_c', trigger: 'second', replay: '', runId: 'run_c2' },
  ],
  runs: [
    { id: 'run_a1', eventId: 'evt_a', trigger: 'first' },
    { id: 'run_a2', eventId: 'evt_a', trigger: 'second' },
    { id: 'run_c1', eventId: 'evt_c', trigger: 'first' },
    { id: 'run_c2', eventId: 'evt_c', trigger: 'second' },
  ],
  triggers: [
    { name: 'first', types: ['opened'] },
    { name: 'second', types: ['opened', 'closed'] },
  ],
  replays: [],
})

type Mutable = { -readonly [Part in keyof Ledger]-?: NonNullable<Ledger[Part]>[number][] }

const run = { id: 'run_a1', eventId: 'evt_a', trigger: 'first' }

test('a sound ledger holds, with events that nobody was told of and requests that left nothing', () => {
  expect(checkLedger(sound())).toEqual([])
})

test('an empty ledger holds', () => {
  const nothing = { sent: [], answered: [], events: [], dispatches: [], runs: [], triggers: [] }

  expect(checkLedger(nothing)).toEqual([])
})

test.each<[string, ViolationKind, string, (ledger: Mutable) => void]>([
  [
    'an answered event without a row',
    'lost event',
    'refused',
    ({ answered }) => answered.push('refused'),
  ],
  [
    'an answered event that means no trigger, without a row',
    'lost event',
    'b',
    ({ events }) => events.splice(1, 1),
  ],
  [
    'two rows of one key',
    'two rows of one key',
    'b',
    ({ events }) => events.push({ id: 'evt_b2', key: 'b', type: 'edited' }),
  ],
  [
    'a row that was never sent',
    'event that nobody sent',
    'z',
    ({ events }) => events.push({ id: 'evt_z', key: 'z', type: 'edited' }),
  ],
  [
    'a row with the type of another event',
    'event of another type than was sent',
    'b',
    ({ events }) => events.splice(1, 1, { id: 'evt_b', key: 'b', type: 'labeled' }),
  ],
  [
    'an answered event without its dispatch to one of two triggers',
    'missing dispatch',
    'a → second',
    (ledger) => {
      ledger.dispatches.splice(1, 1)
      ledger.runs.splice(1, 1)
    },
  ],
  [
    'a kept event that nobody was told of, without its dispatch',
    'missing dispatch',
    'c → first',
    (ledger) => {
      ledger.dispatches.splice(2, 1)
      ledger.runs.splice(2, 1)
    },
  ],
  [
    'an event that met a trigger twice',
    'repeated dispatch',
    'a → first',
    (ledger) => {
      ledger.dispatches.push({ eventId: 'evt_a', trigger: 'first', replay: '', runId: 'run_a3' })
      ledger.runs.push({ ...run, id: 'run_a3' })
    },
  ],
  [
    'a dispatch to a trigger that does not mean the event',
    'dispatch to a wrong trigger',
    'b → first',
    (ledger) => {
      ledger.dispatches.push({ eventId: 'evt_b', trigger: 'first', replay: '', runId: 'run_b' })
      ledger.runs.push({ id: 'run_b', eventId: 'evt_b', trigger: 'first' })
    },
  ],
  [
    'a dispatch to a trigger that does not exist',
    'dispatch to a wrong trigger',
    'a → third',
    (ledger) => {
      ledger.dispatches.push({ eventId: 'evt_a', trigger: 'third', replay: '', runId: 'run_a3' })
      ledger.runs.push({ id: 'run_a3', eventId: 'evt_a', trigger: 'third' })
    },
  ],
  [
    'a dispatch of an event that is not in the inbox',
    'dispatch of an unknown event',
    'evt_z → first',
    (ledger) => {
      ledger.dispatches.push({ eventId: 'evt_z', trigger: 'first', replay: '', runId: 'run_z' })
      ledger.runs.push({ id: 'run_z', eventId: 'evt_z', trigger: 'first' })
    },
  ],
  [
    'a dispatch that was quarantined',
    'dispatch that started nothing',
    'evt_a → first',
    (ledger) => {
      ledger.dispatches.splice(0, 1, {
        eventId: 'evt_a',
        trigger: 'first',
        replay: '',
        runId: null,
      })
      ledger.runs.splice(0, 1)
    },
  ],
  ['a dispatch whose run does not exist', 'missing run', 'run_a1', ({ runs }) => runs.splice(0, 1)],
  ['a run that was started twice', 'repeated run', 'run_a1', ({ runs }) => runs.push(run)],
  [
    'a run that no dispatch knows',
    'run without dispatch',
    'run_z',
    ({ runs }) => runs.push({ ...run, id: 'run_z' }),
  ],
  [
    'a run that says it came from another event',
    'run of another event',
    'run_a1',
    ({ runs }) => runs.splice(0, 1, { ...run, eventId: 'evt_c' }),
  ],
])('%s is found', (_, kind, about, plant) => {
  const ledger = sound()

  plant(ledger)

  expect(checkLedger(ledger)).toEqual([{ kind, about }])
})

test('two dispatches that share a run are found', () => {
  const ledger = sound()

  ledger.dispatches.splice(2, 1, {
    eventId: 'evt_c',
    trigger: 'first',
    replay: '',
    runId: 'run_a1',
  })
  ledger.runs.splice(2, 1)

  expect(checkLedger(ledger)).toContainEqual({
    kind: 'two dispatches with one run',
    about: 'run_a1',
  })
})

/** The same, once `a` was replayed. */
function replayed(): Mutable {
  const ledger = sound()
  ledger.replays.push({ id: 'again', keys: ['a'] })
  for (const trigger of ['first', 'second']) {
    const runId = `run_again_${trigger}`
    ledger.dispatches.push({ eventId: 'evt_a', trigger, replay: 'again', runId })
    ledger.runs.push({ id: runId, eventId: 'evt_a', trigger })
  }
  return ledger
}

test('a replay that gave each of its events its runs once more holds', () => {
  expect(checkLedger(replayed())).toEqual([])
})

test('an event that a replay left out is found', () => {
  const ledger = replayed()

  ledger.replays.splice(0, 1, { id: 'again', keys: ['a', 'c'] })

  expect(checkLedger(ledger)).toEqual([
    { kind: 'missing dispatch', about: 'c → first → again' },
    { kind: 'missing dispatch', about: 'c → second → again' },
  ])
})

test('an event that was replayed though nobody asked for it is found', () => {
  const ledger = replayed()

  ledger.replays.splice(0, 1)

  expect(checkLedger(ledger)).toEqual([
    { kind: 'dispatch that nobody asked for', about: 'evt_a → first' },
    { kind: 'dispatch that nobody asked for', about: 'evt_a → second' },
  ])
})

test('a replay whose dispatch has the run of the event itself is found', () => {
  const ledger = replayed()

  ledger.dispatches.splice(-1, 1, {
    eventId: 'evt_a',
    trigger: 'second',
    replay: 'again',
    runId: 'run_a2',
  })
  ledger.runs.pop()

  expect(checkLedger(ledger)).toEqual([{ kind: 'two dispatches with one run', about: 'run_a2' }])
})

test('every fault of a ledger is named, not the first alone', () => {
  const ledger = sound()

  ledger.answered.push('refused')
  ledger.runs.push(run)

  expect(checkLedger(ledger)).toEqual([
    { kind: 'lost event', about: 'refused' },
    { kind: 'repeated run', about: 'run_a1' },
  ])
})

// 20,000 of each: a checker that compares everything with everything would never end.
test('a ledger of many events is checked in a moment', () => {
  const keys = Array.from({ length: 20_000 }, (_, index) => `key-${index}`)
  const ledger: Ledger = {
    sent: keys.map((key) => ({ key, type: 'opened' })),
    answered: keys,
    events: keys.map((key) => ({ id: key, key, type: 'opened' })),
    dispatches: keys.map((key) => ({ eventId: key, trigger: 'first', replay: '', runId: key })),
    runs: keys.map((key) => ({ id: key, eventId: key, trigger: 'first' })),
    triggers: [{ name: 'first', types: ['opened'] }],
  }

  expect(checkLedger(ledger)).toEqual([])
}, 5_000)
