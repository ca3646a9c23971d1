import { expect, test } from 'vitest'
import { type Admin, Consumer, type ConsumerOptions, orThrow } from '../../src/index.ts'
import { waitFor } from '../support/wait.ts'
import { adminOf, outcomes, settles } from './admin-client.ts'
import { type ClusterUnderTest, freshName, onBothClusters } from './clusters.ts'
import { dealt, produceAll, take } from './consuming.ts'

type Protocol = 'classic' | 'consumer'

onBothClusters('groups', cluster => {
  const admin = adminOf(cluster)

  test.each(['classic', 'consumer'] as const)(
    'of the protocol %s are listed and described, with members, offsets and lag',
    async protocol => {
      const { topic, group, consumer } = await reading(cluster(), admin(), protocol, 6)
      const [described] = (await admin().groups.describe([group])).map(orThrow)
      expect(described).toMatchObject({ type: protocol, name: group, state: 'Stable' })
      expect(described?.members).toMatchObject([
        { clientId: 'reader', assignment: [{ topic, partitions: [0, 1] }], host: '127.0.0.1' },
      ])
      if (described?.type === 'consumer') {
        expect(described.members[0]?.subscribedTopics).toEqual([topic])
        expect(described.members[0]?.targetAssignment).toEqual([{ topic, partitions: [0, 1] }])
        expect(described.groupEpoch).toBe(described.assignmentEpoch)
      } else {
        expect(described?.protocolType).toBe('consumer')
      }
      const memberId = described?.members[0]?.memberId
      await consumer.commit()
      const lag = await admin().groups.lag(group)
      expect(lag.total).toBe(4)
      expect(lag.partitions.map(each => each.memberId)).toEqual([memberId, memberId])
      expect(lag.partitions.reduce((sum, each) => sum + (each.committed ?? 0), 0)).toBe(6)
      const listed = async (filter: object) =>
        (await admin().groups.list(filter)).groups.filter(({ name }) => name === group)
      const other = protocol === 'classic' ? 'consumer' : 'classic'
      const listing = { name: group, type: protocol, state: 'Stable', protocolType: 'consumer' }
      expect(await listed({ states: ['Stable'], types: [protocol] })).toEqual([listing])
      expect(await listed({ states: ['Empty'] })).toEqual([])
      expect(await listed({ types: [other] })).toEqual([])
      expect(outcomes(await admin().groups.delete([group]))).toEqual(['NON_EMPTY_GROUP'])
      const [kept] = await admin().groups.alterOffsets(group, [{ topic, partition: 0, offset: 0 }])
      expect(kept?.is).toBe('failed')
      const forgotten = await admin().groups.deleteOffsets(group, [{ topic, partition: 0 }])
      expect(outcomes(forgotten)).toEqual(['GROUP_SUBSCRIBED_TO_TOPIC'])
      await consumer.close()
      await waitFor(
        'the group to be empty',
        async () => (await listed({ states: ['Empty'] })).length,
      )
    },
  )

  test('go on from offsets that are set, and forget those that are deleted', async () => {
    const topic = freshName('moved')
    const group = freshName('mover')
    await admin().topics.create([{ name: topic, partitions: 2 }])
    await produceAll(cluster().bootstrapServers, dealt(topic, 10, 2))
    const altered = await admin().groups.alterOffsets(group, [
      { topic, partition: 0, offset: 3, metadata: 'by hand' },
      { topic, partition: 1, offset: 5 },
      { topic: 'never-was', partition: 0, offset: 5 },
    ])
    expect(outcomes(altered)).toEqual(['done', 'done', 'UNKNOWN_TOPIC_OR_PARTITION'])
    expect(await admin().groups.offsets(group)).toMatchObject([
      { topic, partition: 0, offset: 3, metadata: 'by hand' },
      { topic, partition: 1, offset: 5, metadata: '' },
    ])
    const one = { partitions: [{ topic, partition: 1 }] }
    expect(await admin().groups.offsets(group, one)).toMatchObject([{ partition: 1, offset: 5 }])
    const { total, partitions } = await admin().groups.lag(group)
    expect([total, partitions.map(({ lag }) => lag)]).toEqual([2, [2, 0]])
    await using consumer = readerOf(cluster(), group, 'classic')
    await consumer.subscribe([topic])
    const messages = await take(consumer, 2)
    expect(messages.map(({ offset }) => offset)).toEqual([3, 4])
    await consumer.close()
    // It does not wait for ever for the coordinator to hear that it leaves.
    await settles(async () => {
      const [described] = (await admin().groups.describe([group])).map(orThrow)
      return described?.state
    }).toBe('Empty')
    const gone = await admin().groups.deleteOffsets(group, [{ topic, partition: 0 }])
    expect(outcomes(gone)).toEqual(['done'])
    expect(await admin().groups.offsets(group)).toMatchObject([{ partition: 1 }])
  })

  test('are deleted, each alone', async () => {
    const [group, topic] = [freshName('gone'), freshName('read')]
    await admin().topics.create([{ name: topic, partitions: 1 }])
    await admin().groups.alterOffsets(group, [{ topic, partition: 0, offset: 0 }])
    const results = await admin().groups.delete(['never-was', group])
    expect(outcomes(results)).toEqual(['GROUP_ID_NOT_FOUND', 'done'])
    expect(outcomes(await admin().groups.describe([group]))).toEqual(['GROUP_ID_NOT_FOUND'])
    const [missing] = await admin().groups.describe(['never-was'])
    expect(missing?.is === 'failed' && missing.error.message).toContain('of group never-was')
  })
})

function readerOf(cluster: ClusterUnderTest, group: string, protocol: Protocol): Consumer {
  const settings: ConsumerOptions = {
    'bootstrap.servers': cluster.bootstrapServers,
    'client.id': 'reader',
    'group.id': group,
    'group.protocol': protocol,
    'auto.offset.reset': 'earliest',
    'enable.auto.commit': false,
  }
  return new Consumer(settings)
}

/** A group with one member that has taken so many of ten records in two partitions. */
async function reading(cluster: ClusterUnderTest, admin: Admin, protocol: Protocol, count: number) {
  const [topic, group] = [freshName('read'), freshName(`${protocol}-group`)]
  await admin.topics.create([{ name: topic, partitions: 2 }])
  await produceAll(cluster.bootstrapServers, dealt(topic, 10, 2))
  const consumer = readerOf(cluster, group, protocol)
  await consumer.subscribe([topic])
  await take(consumer, count)
  return { topic, group, consumer }
}
