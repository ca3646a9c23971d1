import type { Command } from 'commander'
import type { MetricsServer } from '../metrics/index.ts'
import { wholeNumber } from './arguments.ts'
import { UsageError } from './exit.ts'
import type { CommonFlags } from './settings.ts'

/** The options of commands that may run for long. */
export interface MetricsFlags extends CommonFlags {
  readonly metricsPort?: number
  readonly metricsHost?: string
}

/** Adds them to a command. */
export function metricsOptions(command: Command): Command {
  return command
    .option(
      '--metrics-port <port>',
      'serve metrics for Prometheus at this port; 0: a free one',
      wholeNumber(0, 65_535),
    )
    .option('--metrics-host <address>', 'where to serve them (default: 127.0.0.1)')
}

/** Serves metrics where that is asked for, and says where; to be closed at the end. */
export async function startMetrics({
  metricsPort: port,
  metricsHost: host,
  quiet,
}: MetricsFlags): Promise<MetricsServer | undefined> {
  if (port === undefined) {
    if (host === undefined) return undefined
    throw new UsageError('--metrics-host says where, but no metrics are served', 'give a port, too')
  }
  // Loaded only where it is asked for, as is prom-client.
  const { serveMetrics } = await import('../metrics/index.ts')
  const server = await serveMetrics({ port, ...(host !== undefined && { host }) })
  if (!quiet) process.stderr.write(`metrics ${server.url}\n`)
  return server
}
