import { Publisher } from '../../src/events.ts'
import { Connection } from '../../src/net/connection.ts'
import { Fetch } from '../../src/protocol/index.ts'
import { readBatches } from '../../src/records/batch-reader.ts'
import type { World } from './world.ts'

export interface StoredValue {
  readonly partition: number
  readonly offset: number
  readonly value: string
}

/** Every record of a topic, from each partition's leader. */
export async function readLog(
  world: World,
  topic: string,
  partitions: number,
): Promise<StoredValue[]> {
  const values: StoredValue[] = []
  for (let partition = 0; partition < partitions; partition++) {
    for (let offset = 0; ; ) {
      const records = await fetchFrom(world, topic, partition, offset)
      if (records.length === 0) break
      for (const batch of readBatches(records)) {
        offset = batch.nextOffset
        for (const record of batch.cursor()) {
          values.push({ partition, offset: record.offset, value: String(record.value) })
        }
      }
    }
  }
  return values
}

async function fetchFrom(world: World, topic: string, partition: number, fetchOffset: number) {
  const { clock, cluster, network } = world
  const leader = cluster.broker(cluster.leader(topic, partition))
  const opening = Connection.open({
    address: leader.address,
    clientId: 'reader',
    clock,
    dial: network.dial,
    publisher: new Publisher({ instance: 0, clientId: 'reader' }, () => 0),
    requestTimeoutMs: 1_000,
    setupTimeoutMs: 1_000,
    maxResponseBytes: 100_000_000,
  })
  await clock.advance(50)
  const connection = await opening
  const partitions = [{ partition, fetchOffset, partitionMaxBytes: 10_000_000 }]
  const answering = connection.send(
    Fetch,
    {
      replicaId: -1,
      maxWaitMs: 1,
      minBytes: 1,
      maxBytes: 10_000_000,
      isolationLevel: 0,
      topics: [{ topic, partitions }],
    },
    { maxVersion: 12 },
  )
  await clock.advance(50)
  const found = (await answering).responses[0]!.partitions[0]!
  connection.close()
  if (found.errorCode !== 0) throw new Error(`reading back failed with ${found.errorCode}`)
  return found.records ?? Buffer.alloc(0)
}
