import { Publisher } from '../../src/events.ts'
import { Connection } from '../../src/net/connection.ts'
import { Fetch, OffsetFetch } from '../../src/protocol/index.ts'
import type { Api, RequestInput, ResponseOf } from '../../src/protocol/schema/api.ts'
import { readBatches } from '../../src/records/batch-reader.ts'
import { AbortedBatches } from '../contract/read-back.ts'
import type { World } from './world.ts'

export interface StoredValue {
  readonly partition: number
  readonly offset: number
  readonly value: string
}

/** Every record of a topic, or every committed one, from each partition's leader. */
export async function readLog(
  world: World,
  topic: string,
  partitions: number,
  which: 'all' | 'committed' = 'all',
): Promise<StoredValue[]> {
  const values: StoredValue[] = []
  for (let partition = 0; partition < partitions; partition++) {
    for (let offset = 0; ; ) {
      const found = await fetchFrom(world, topic, partition, offset, which)
      if (!found.records?.length) {
        if (offset < found.highWatermark) throw new Error(`[${partition}] is held up at ${offset}`)
        break
      }
      const aborted = new AbortedBatches(found.abortedTransactions ?? [])
      for (const batch of readBatches(found.records)) {
        offset = batch.nextOffset
        if (which === 'committed' && !aborted.isReadable(batch)) continue
        for (const record of batch.cursor()) {
          values.push({ partition, offset: record.offset, value: String(record.value) })
        }
      }
    }
  }
  return values
}

/** What a group has committed for the first partition of a topic; -1 for nothing. */
export async function committedOffset(
  world: World,
  groupId: string,
  topic: string,
): Promise<number> {
  const topics = [{ name: topic, partitionIndexes: [0] }]
  const request = { groups: [{ groupId, topics }], requireStable: true }
  for (const { id } of world.cluster.brokers) {
    const { errorCode, topics: found } = (await ask(world, id, OffsetFetch, request, 8)).groups[0]!
    const partition = found[0]?.partitions[0]
    if (errorCode !== 0 || !partition) continue
    if (partition.errorCode !== 0) throw new Error(`no offset, but error ${partition.errorCode}`)
    return partition.committedOffset
  }
  throw new Error('no broker coordinates the group')
}

async function fetchFrom(
  world: World,
  topic: string,
  partition: number,
  fetchOffset: number,
  which: 'all' | 'committed',
) {
  const partitions = [{ partition, fetchOffset, partitionMaxBytes: 10_000_000 }]
  const request = {
    replicaId: -1,
    maxWaitMs: 1,
    minBytes: 1,
    maxBytes: 10_000_000,
    isolationLevel: which === 'committed' ? 1 : 0,
    topics: [{ topic, partitions }],
  }
  const leader = world.cluster.leader(topic, partition)
  const answer = await ask(world, leader, Fetch, request, 12)
  const found = answer.responses[0]!.partitions[0]!
  if (found.errorCode !== 0) throw new Error(`reading back failed with ${found.errorCode}`)
  return found
}

/** Asks a broker, on a connection of its own, while the world's time moves on. */
async function ask<A extends Api>(
  { clock, cluster, network }: World,
  brokerId: number,
  api: A,
  request: RequestInput<A>,
  maxVersion: number,
): Promise<ResponseOf<A>> {
  const opening = Connection.open({
    address: cluster.broker(brokerId).address,
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
  const answering = connection.send(api, request, { maxVersion })
  await clock.advance(50)
  const answer = await answering
  connection.close()
  return answer
}
