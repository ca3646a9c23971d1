import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'
import { type KafkaCluster, startKafka } from '../kafka/cluster.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where test files ask for the run's one shared Kafka cluster. */
    kafkaDoor: string
  }
}

/**
 * Runs once, beside all test files. It starts no cluster: it opens a door at which a test file
 * asks for one (`sharedKafka()`), and starts it at the first knock. So a run of unit tests alone
 * starts no JVM.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let cluster: Promise<KafkaCluster> | undefined
  const door = createServer((_, response) => {
    cluster ??= startKafka({ brokers: 3 })
    answer(cluster, response)
  })
  await new Promise<void>(resolve => door.listen(0, '127.0.0.1', resolve))
  project.provide('kafkaDoor', `http://127.0.0.1:${portOf(door.address())}`)
  return async () => {
    door.closeAllConnections()
    door.close()
    const started = await cluster?.catch(() => undefined)
    await started?.stop()
  }
}

async function answer(cluster: Promise<KafkaCluster>, response: ServerResponse): Promise<void> {
  try {
    response.end((await cluster).bootstrapServers)
  } catch (error) {
    response.writeHead(500).end(String(error))
  }
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the door has no port')
  return address.port
}
