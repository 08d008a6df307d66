import { makeTelemetryFilterString, Runtime } from '@temporalio/worker'
import type { Logger } from 'pino'
import { temporalLog } from './log.ts'

/**
 * Sets up Temporal's core once per process: it logs into our log, leaves signals to us, and offers its own metrics
 * where an address is given.
 */
export function installRuntime({
  log,
  metricsAddress,
}: {
  log: Logger
  /** host:port */
  metricsAddress: string | undefined
}): void {
  Runtime.install({
    logger: temporalLog(log),
    // The SDK would stop its workers by itself, before we have stopped taking events.
    shutdownSignals: [],
    telemetryOptions: {
      // Otherwise the core writes straight to the terminal, past our log.
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
      ...(metricsAddress === undefined
        ? {}
        : { metrics: { prometheus: { bindAddress: metricsAddress } } }),
    },
  })
}
