import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { createListener, type Listener } from '../store/listener.ts'
import { PROMPT_CHANNEL } from './prompt-versions.ts'

/** Hears which labels have moved. Calls back with a prompt's name, or with null when anything may have changed. */
export const createPromptNews = ({
  pool,
  log,
  onChange,
}: {
  pool: Pool
  log: Logger
  onChange: (name: string | null) => void
}): Listener =>
  createListener({
    pool,
    log,
    channel: PROMPT_CHANNEL,
    onNotification: (name) => onChange(name ?? null),
    // What moved before was told to nobody.
    onListening: () => onChange(null),
  })
