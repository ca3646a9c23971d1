import { rm } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'
import { type KafkaCluster, startKafka } from '../kafka/cluster.ts'
import { builtPackage } from './package.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where test files ask for what the run has once: a Kafka cluster, the built package. */
    door: string
  }
}

/**
 * Nobody kills the shared cluster: who is silent there for some seconds waits for the processor.
 * Were another controller elected meanwhile, or a broker fenced, all who use it would notice.
 */
const patience = {
  'controller.quorum.fetch.timeout.ms': 20_000,
  'broker.session.timeout.ms': 30_000,
}

/**
 * Runs once, beside all test files. It starts no cluster: it opens a door at which a test file
 * asks for one (`sharedKafka()`), and starts it at the first knock; so with the package as it is
 * shipped (`sharedPackage()`). So a run of unit tests alone starts no JVM, and builds nothing.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let cluster: Promise<KafkaCluster> | undefined
  let built: Promise<string> | undefined
  const door = createServer(({ url }, response) => {
    if (url === '/package') {
      built ??= builtPackage()
      return answer(built, response)
    }
    cluster ??= startKafka({ brokers: 3, config: patience })
    return answer(
      cluster.then(({ bootstrapServers }) => bootstrapServers),
      response,
    )
  })
  await new Promise<void>(resolve => door.listen(0, '127.0.0.1', resolve))
  project.provide('door', `http://127.0.0.1:${portOf(door.address())}`)
  return async () => {
    door.closeAllConnections()
    door.close()
    const started = await cluster?.catch(() => undefined)
    await started?.stop()
    const folder = await built?.catch(() => undefined)
    if (folder) await rm(folder, { recursive: true })
  }
}

async function answer(asked: Promise<string>, response: ServerResponse): Promise<void> {
  try {
    response.end(await asked)
  } catch (error) {
    response.writeHead(500).end(String(error))
  }
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the door has no port')
  return address.port
}
