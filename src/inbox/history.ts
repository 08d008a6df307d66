/**
 * The part of a statement that writes down which state each of these events leaves. That an event began as `accepted`
 * needs no row: most are dispatched within milliseconds, and their row says both.
 */
export const leaveStates = (which: string): string => `
  insert into event_states (event_id, at, state, reason, by)
  select events.id, events.state_at, events.state, events.reason, events.state_by from events
   where ${which} and (events.state <> 'accepted' or events.state_at > events.received_at)
      on conflict (event_id, at) do nothing`
