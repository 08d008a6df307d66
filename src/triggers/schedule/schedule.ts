/** A source of events that time brings: a Temporal Schedule. */
export interface Schedule {
  kind: 'schedule'
  /** Cron expression of five fields, such as `0 7 * * 1-5`. */
  cron: string
  /** IANA name of the time zone in which the expression is meant. */
  timezone: string
  /** How late a tick that was missed is still made up for, such as `10 minutes`. */
  catchupWindow: string
}

/** Ticks by a cron expression: in UTC, and making up for what was missed in the last hour, unless told otherwise. */
export function schedule({
  cron,
  timezone = 'UTC',
  catchupWindow = '1 hour',
}: {
  cron: string
  timezone?: string
  catchupWindow?: string
}): Schedule {
  return { kind: 'schedule', cron, timezone, catchupWindow }
}
