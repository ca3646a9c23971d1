import { expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { silentLogger } from '../../src/logger.ts'
import { errorByCode } from '../../src/protocol/errors.ts'
import {
  ConsumerGroupHeartbeat,
  type ConsumerGroupHeartbeatResponse,
  FindCoordinator,
} from '../../src/protocol/messages/index.ts'
import { RawClient } from './raw-client.ts'

const beat = (client: RawClient, memberEpoch: number): Promise<ConsumerGroupHeartbeatResponse> => {
  const facts = { groupId: 'g', memberId: 'm', memberEpoch, rebalanceTimeoutMs: 60_000 }
  const ask = { ...facts, subscribedTopicNames: ['orders'], topicPartitions: [] }
  return client.call(ConsumerGroupHeartbeat, 1, ask)
}

test('time can be moved on the real clock: a silent member is put out', async () => {
  await using cluster = await EmbeddedCluster.start({ logger: silentLogger })
  await cluster.createTopic('orders')
  using client = await RawClient.open(cluster.brokers[0]!.address)
  const { memberEpoch } = await beat(client, 0)
  await cluster.advanceTime(30_000)
  expect((await beat(client, memberEpoch)).errorCode).toBe(0)
  await cluster.advanceTime(46_000)
  expect(errorByCode((await beat(client, memberEpoch)).errorCode).name).toBe('UNKNOWN_MEMBER_ID')
})

test('a coordinator moves to a broker, and back when that one is gone', async () => {
  await using cluster = await EmbeddedCluster.start({ brokers: 2, logger: silentLogger })
  await cluster.createTopic('orders')
  using client = await RawClient.open(cluster.brokers[0]!.address)
  const coordinator = async () => {
    const ask = { keyType: 0, coordinatorKeys: ['g'] }
    return (await client.call(FindCoordinator, 4, ask)).coordinators[0]!.nodeId
  }
  cluster.moveCoordinator('group', 'g', 1)
  expect(await coordinator()).toBe(1)
  const { memberEpoch } = await beat(client, 0)
  expect(memberEpoch).toBe(1)
  cluster.moveCoordinator('group', 'g', 2)
  expect(await coordinator()).toBe(2)
  expect(errorByCode((await beat(client, 1)).errorCode).name).toBe('NOT_COORDINATOR')
  await cluster.broker(2).stop()
  expect(await coordinator()).toBe(1)
  // All brokers share what is known of a group.
  expect((await beat(client, 1)).errorCode).toBe(0)
  expect(() => cluster.moveCoordinator('group', 'g', 3)).toThrow(/no broker 3/)
})
