import { EmbeddedCluster } from '../../src/broker/index.ts'

/**
 * A broker in a process of its own: `serve.ts [DATA_FOLDER [VERSION [CLEANER_BACKOFF_MS]]]` prints
 * where it serves.
 */
async function serve(): Promise<void> {
  const [dataDir, version, backoffMs] = process.argv.slice(2)
  const transactionVersion = version === '1' ? 1 : 2
  const cluster = await EmbeddedCluster.start({
    transactionVersion,
    ...(dataDir !== undefined && { dataDir }),
    ...(backoffMs !== undefined && { brokerConfig: { 'log.cleaner.backoff.ms': backoffMs } }),
  })
  process.once('SIGTERM', () => void cluster.stop())
  console.log(cluster.bootstrapServers)
}

void serve()
