import { EmbeddedCluster, type ListenerOptions } from '../../src/broker/index.ts'
import { silentLogger } from '../../src/logger.ts'

/** The listener of `guarded-program.ts` and of whoever opens its folder after it. */
export const guardedListeners: Record<string, ListenerOptions> = {
  guarded: { sasl: { mechanisms: { 'SCRAM-SHA-512': {} } } },
}

export const superUsers = ['User:ANONYMOUS']

/**
 * A cluster with an authorizer and users in a process of its own, to be killed:
 * `guarded-program.ts DATA_FOLDER` prints where it serves.
 */
async function serve(dataDir: string): Promise<void> {
  const cluster = await EmbeddedCluster.start({
    dataDir,
    listeners: guardedListeners,
    authorizer: { superUsers },
    logger: silentLogger,
  })
  process.stdout.write(`${cluster.bootstrapServers}\n`)
}

if (process.argv[2] !== undefined && process.argv[1]?.includes('guarded-program')) {
  void serve(process.argv[2])
}
