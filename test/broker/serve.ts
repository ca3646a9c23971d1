import { EmbeddedCluster } from '../../src/broker/index.ts'

/** A broker in a process of its own: `serve.ts [DATA_FOLDER]` prints where it serves. */
async function serve(): Promise<void> {
  const [dataDir] = process.argv.slice(2)
  const cluster = await EmbeddedCluster.start(dataDir === undefined ? {} : { dataDir })
  process.once('SIGTERM', () => void cluster.stop())
  console.log(cluster.bootstrapServers)
}

void serve()
