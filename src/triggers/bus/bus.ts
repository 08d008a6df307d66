/** A source of events that arrive over our own API: `POST /api/events`. */
export interface Bus {
  kind: 'bus'
}

/** Internal events: each starts the runs that declare its type and wakes those that wait for it. */
export const bus = (): Bus => ({ kind: 'bus' })
