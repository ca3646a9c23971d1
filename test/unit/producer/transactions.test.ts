import { expect, test } from 'vitest'
import { Admin, Consumer, listen, orThrow, Producer, silentLogger } from '../../../src/index.ts'
import { formatAddress } from '../../../src/net/transport.ts'
import { virtualCluster } from '../../support/virtual-cluster.ts'

const REQUEST_TIMEOUT_MS = 150
const MAX_BLOCK_MS = 600

/** By default the first protocol, where partitions are added to transactions by requests. */
async function setUp(transactionVersion: 1 | 2 = 1) {
  const world = await virtualCluster({ transactionVersion })
  const { cluster, environment, passing } = world
  const settings = { 'bootstrap.servers': cluster.bootstrapServers, logger: silentLogger }
  const producer = new Producer(
    {
      ...settings,
      'transactional.id': 'txn',
      'request.timeout.ms': REQUEST_TIMEOUT_MS,
      'max.block.ms': MAX_BLOCK_MS,
    },
    {},
    environment,
  )
  await passing(producer.initTransactions())
  const admin = new Admin(settings, environment)
  const reader = new Consumer({ ...settings, 'group.id': group.groupId }, {}, environment)

  return {
    ...world,
    producer,
    stateOfTransaction: async () => {
      const [described] = await passing(admin.transactions.describe(['txn']))
      return orThrow(described!).state
    },
    /** How far the group has read the one partition. */
    committed: async () =>
      (await passing(reader.committed([{ topic: 't', partition: 0 }])))[0]?.offset,
    values: async () => (await cluster.records('t')).map(({ value }) => String(value)),
    end: async () => {
      await passing(Promise.all([producer.close(), admin.close(), reader.close()]))
      await passing(cluster.stop())
    },
  }
}

const group = { groupId: 'readers', generationId: -1, memberId: '', groupInstanceId: null }

test('a request that an aborted transaction left behind does not fail the next one', async () => {
  const { clock, cluster, producer, passing, values, end } = await setUp()
  let lost = true
  cluster.drop('AddPartitionsToTxn', { while: () => lost })
  let added = 0
  const stop = listen('request:sent', ({ api }) => {
    if (api === 'AddPartitionsToTxn') added++
  })
  producer.beginTransaction()
  producer.produce({ topic: 't', value: 'aborted' }, () => {})
  while (added === 0) await clock.advance(1)
  stop()
  await passing(producer.abortTransaction())
  producer.beginTransaction()
  // As long as that request could have been tried again, and then have failed.
  await clock.advance(MAX_BLOCK_MS + 100)
  lost = false
  await passing(producer.send({ topic: 't', value: 'committed' }))
  await passing(producer.commitTransaction())
  expect(await values()).toEqual(['committed'])
  await end()
})

test('a partition that was added although nobody heard of it is not left open', async () => {
  const { clock, cluster, producer, passing, stateOfTransaction, values, end } = await setUp()
  // The first request comes late, after the client gave it up; the others never.
  cluster.delay('AddPartitionsToTxn', 2 * REQUEST_TIMEOUT_MS)
  cluster.drop('AddPartitionsToTxn', { while: () => true })
  producer.beginTransaction()
  producer.produce({ topic: 't', value: 'aborted' }, () => {})
  await clock.advance(2 * REQUEST_TIMEOUT_MS + 50)
  expect(await stateOfTransaction()).toBe('Ongoing')
  await passing(producer.abortTransaction())
  cluster.clearFaults()
  await clock.advance(100)
  expect(await stateOfTransaction()).toMatch(/^(Empty|CompleteAbort)$/)
  await passing(producer.transaction(tx => tx.send({ topic: 't', value: 'committed' })))
  expect(await values()).toEqual(['committed'])
  await end()
})

test('a part that was refused leaves nothing to end, and the producer goes on', async () => {
  const { cluster, producer, passing, values, end } = await setUp()
  cluster.fail('AddOffsetsToTxn', 'GROUP_AUTHORIZATION_FAILED')
  producer.beginTransaction()
  const offsets = producer.sendOffsetsToTransaction(
    [{ topic: 't', partition: 0, offset: 1 }],
    group,
  )
  await expect(passing(offsets)).rejects.toMatchObject({
    code: 'GROUP_AUTHORIZATION_FAILED',
    abortable: true,
  })
  await passing(producer.abortTransaction())
  await passing(producer.transaction(tx => tx.send({ topic: 't', value: 'committed' })))
  expect(await values()).toEqual(['committed'])
  await end()
})

test.each([1, 2] as const)(
  'offsets that nobody awaited are part of what is committed, and of what fails (%i)',
  async transactionVersion => {
    const { cluster, producer, passing, committed, end } = await setUp(transactionVersion)
    const offsets = [{ topic: 't', partition: 0, offset: 7 }]
    cluster.delay('TxnOffsetCommit', 100)
    const first = producer.transaction(async tx => {
      await tx.send({ topic: 't', value: 'kept' })
      void tx.sendOffsets(offsets, group)
    })
    await passing(first)
    expect(await committed()).toBe(7)
    cluster.fail('TxnOffsetCommit', 'GROUP_AUTHORIZATION_FAILED')
    const failing = producer.transaction(async tx => {
      await tx.send({ topic: 't', value: 'aborted' })
      void tx.sendOffsets([{ topic: 't', partition: 0, offset: 8 }], group)
    })
    await expect(passing(failing)).rejects.toThrow('GROUP_AUTHORIZATION_FAILED')
    expect(await committed()).toBe(7)
    await end()
  },
)

test('a commit that has become hopeless does not wait for what can not be sent', async () => {
  const { clock, network, cluster, environment, passing } = await virtualCluster({ brokers: 3 })
  await passing(cluster.createTopic('t', { partitions: 2, replicationFactor: 3 }))
  cluster.moveCoordinator('transaction', 'txn', 1)
  cluster.moveLeader('t', 0, 1)
  cluster.moveLeader('t', 1, 2)
  const producer = new Producer(
    {
      'bootstrap.servers': cluster.bootstrapServers,
      'transactional.id': 'txn',
      logger: silentLogger,
    },
    {},
    environment,
  )
  await passing(producer.initTransactions())
  await passing(producer.transaction(tx => tx.send({ topic: 't', partition: 1, value: 'kept' })))
  // The leader of the second partition is there no more, and nobody takes its place.
  cluster.brokers[1]!.freeze()
  network.sever(formatAddress(cluster.brokers[1]!.address))
  cluster.fail('Produce', 'TOPIC_AUTHORIZATION_FAILED', { topic: 't', partition: 0 })
  producer.beginTransaction()
  const codeOf = (error: { code: string }) => error.code
  const outcomes = [1, 0].map(partition =>
    producer.send({ topic: 't', partition, value: 'v' }).catch(codeOf),
  )
  const from = clock.now()
  await expect(passing(producer.commitTransaction())).rejects.toMatchObject({
    code: 'TOPIC_AUTHORIZATION_FAILED',
    abortable: true,
  })
  expect(clock.now() - from).toBeLessThan(1_000)
  expect(await Promise.all(outcomes)).toEqual(['TRANSACTION_ABORTED', 'TOPIC_AUTHORIZATION_FAILED'])
  cluster.brokers[1]!.thaw()
  await passing(producer.abortTransaction())
  await passing(producer.transaction(tx => tx.send({ topic: 't', partition: 1, value: 'next' })))
  const found = await cluster.records('t')
  expect(found.map(({ value }) => String(value))).toEqual(['kept', 'next'])
  await passing(producer.close())
  await passing(cluster.stop())
})
