import { expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { silentLogger } from '../../src/logger.ts'
import { OffsetForLeaderEpoch, Produce } from '../../src/protocol/messages/index.ts'
import { batchOf } from './batches.ts'
import { RawClient } from './raw-client.ts'

/** A consumer that is told another epoch than it asked for believes that its records are gone. */
test('where a reign ended is told with the epoch that it is about (KIP-320)', async () => {
  await using cluster = await EmbeddedCluster.start({ brokers: 2, logger: silentLogger })
  await cluster.createTopic('orders')
  const clients = await Promise.all(cluster.brokers.map(({ address }) => RawClient.open(address)))
  let leader = 0
  const produce = async (...values: string[]) => {
    const partitionData = [{ index: 0, records: batchOf(values) }]
    const topicData = [{ name: 'orders', partitionData }]
    const ask = { acks: -1, timeoutMs: 1000, topicData }
    const answer = await clients[leader]!.call(Produce, 9, ask)
    expect(answer.responses[0]!.partitionResponses[0]!.errorCode).toBe(0)
  }
  const move = () => {
    leader = 1 - leader
    cluster.moveLeader('orders', 0, cluster.brokers[leader]!.id)
  }
  const endOf = async (leaderEpoch: number) => {
    const partitions = [{ partition: 0, currentLeaderEpoch: -1, leaderEpoch }]
    const ask = { replicaId: -1, topics: [{ topic: 'orders', partitions }] }
    const { topics } = await clients[leader]!.call(OffsetForLeaderEpoch, 4, ask)
    const { errorCode, leaderEpoch: told, endOffset } = topics[0]!.partitions[0]!
    expect(errorCode).toBe(0)
    return [told, endOffset]
  }
  // Epoch 0 writes two, 1 nothing, 2 one; 3 is the present one.
  await produce('a', 'b')
  move()
  move()
  await produce('c')
  move()
  expect(await endOf(0)).toEqual([0, 2])
  expect(await endOf(1)).toEqual([0, 2])
  expect(await endOf(2)).toEqual([2, 3])
  expect(await endOf(3)).toEqual([3, 3])
  // Nobody has heard of it.
  expect(await endOf(4)).toEqual([-1, -1])
  for (const client of clients) client.close()
})
