import { EmbeddedCluster } from '../../src/broker/index.ts'

/** A broker in a process of its own: `serve.ts [DATA_FOLDER [VERSION]]` prints where it serves. */
async function serve(): Promise<void> {
  const [dataDir, version] = process.argv.slice(2)
  const transactionVersion = version === '1' ? 1 : 2
  const cluster = await EmbeddedCluster.start({
    transactionVersion,
    ...(dataDir !== undefined && { dataDir }),
  })
  process.once('SIGTERM', () => void cluster.stop())
  console.log(cluster.bootstrapServers)
}

void serve()
