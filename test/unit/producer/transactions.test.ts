import { expect, test } from 'vitest'
import { sleep, systemClock } from '../../../src/base/clock.ts'
import { EmbeddedCluster } from '../../../src/broker/index.ts'
import { Consumer, Producer, silentLogger } from '../../../src/index.ts'
import { readBack } from '../../contract/read-back.ts'
import { TransactionClient } from '../../contract/transaction-client.ts'

/** A cluster of the first protocol, where partitions are added to transactions by requests. */
const start = () => EmbeddedCluster.start({ transactionVersion: 1, logger: silentLogger })

const make = (cluster: EmbeddedCluster) =>
  new Producer({
    'bootstrap.servers': cluster.bootstrapServers,
    'transactional.id': 'txn',
    'request.timeout.ms': 400,
    'max.block.ms': 1_500,
    logger: silentLogger,
  })

const group = { groupId: 'readers', generationId: -1, memberId: '', groupInstanceId: null }

/** How far the group has read the one partition. */
async function committed(cluster: EmbeddedCluster): Promise<number | undefined> {
  const { bootstrapServers } = cluster
  const reader = new Consumer({ 'bootstrap.servers': bootstrapServers, 'group.id': group.groupId })
  try {
    return (await reader.committed([{ topic: 't', partition: 0 }]))[0]?.offset
  } finally {
    await reader.close()
  }
}

test('a request that an aborted transaction left behind does not fail the next one', async () => {
  await using cluster = await start()
  await using producer = make(cluster)
  await producer.initTransactions()
  let lost = true
  cluster.drop('AddPartitionsToTxn', { while: () => lost })
  producer.beginTransaction()
  producer.produce({ topic: 't', value: 'aborted' }, () => {})
  // Until the request is on its way.
  await expect.poll(() => cluster.counters.requests).toBeGreaterThan(5)
  await producer.abortTransaction()
  producer.beginTransaction()
  // As long as that request could have been tried again, and then have failed.
  await sleep(systemClock, 1_700)
  lost = false
  await producer.send({ topic: 't', value: 'committed' })
  await producer.commitTransaction()
  const found = await readBack(cluster.bootstrapServers, 't')
  expect(found.map(({ value }) => value)).toEqual(['committed'])
})

test('a partition that was added although nobody heard of it is not left open', async () => {
  await using cluster = await start()
  await using producer = make(cluster)
  await producer.initTransactions()
  // The first request comes late, after the client gave it up; the others never.
  cluster.delay('AddPartitionsToTxn', 800)
  cluster.drop('AddPartitionsToTxn', { while: () => true })
  producer.beginTransaction()
  producer.produce({ topic: 't', value: 'aborted' }, () => {})
  using client = new TransactionClient(cluster.bootstrapServers, 'txn')
  await expect.poll(async () => (await client.describe()).state).toBe('Ongoing')
  await producer.abortTransaction()
  cluster.clearFaults()
  expect(await client.settled()).toMatch(/^(Empty|CompleteAbort)$/)
  await producer.transaction(tx => tx.send({ topic: 't', value: 'committed' }))
  const found = await readBack(cluster.bootstrapServers, 't')
  expect(found.map(({ value }) => value)).toEqual(['committed'])
})

test('a part that was refused leaves nothing to end, and the producer goes on', async () => {
  await using cluster = await start()
  await using producer = make(cluster)
  await producer.initTransactions()
  cluster.fail('AddOffsetsToTxn', 'GROUP_AUTHORIZATION_FAILED')
  producer.beginTransaction()
  const offsets = producer.sendOffsetsToTransaction(
    [{ topic: 't', partition: 0, offset: 1 }],
    group,
  )
  await expect(offsets).rejects.toMatchObject({
    code: 'GROUP_AUTHORIZATION_FAILED',
    abortable: true,
  })
  await producer.abortTransaction()
  await producer.transaction(tx => tx.send({ topic: 't', value: 'committed' }))
  const found = await readBack(cluster.bootstrapServers, 't')
  expect(found.map(({ value }) => value)).toEqual(['committed'])
})

test.each([1, 2] as const)(
  'offsets that nobody awaited are part of what is committed, and of what fails (%i)',
  async transactionVersion => {
    await using cluster = await EmbeddedCluster.start({ transactionVersion, logger: silentLogger })
    await using producer = make(cluster)
    const offsets = [{ topic: 't', partition: 0, offset: 7 }]
    await producer.initTransactions()
    cluster.delay('TxnOffsetCommit', 100)
    await producer.transaction(async tx => {
      await tx.send({ topic: 't', value: 'kept' })
      void tx.sendOffsets(offsets, group)
    })
    expect(await committed(cluster)).toBe(7)
    cluster.fail('TxnOffsetCommit', 'GROUP_AUTHORIZATION_FAILED')
    const failing = producer.transaction(async tx => {
      await tx.send({ topic: 't', value: 'aborted' })
      void tx.sendOffsets([{ topic: 't', partition: 0, offset: 8 }], group)
    })
    await expect(failing).rejects.toThrow('GROUP_AUTHORIZATION_FAILED')
    expect(await committed(cluster)).toBe(7)
  },
)
