import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EmbeddedCluster } from '../../../../src/broker/index.ts'
import { silentLogger } from '../../../../src/logger.ts'
import { Fetch, ListOffsets } from '../../../../src/protocol/messages/index.ts'
import { RawClient } from '../../../broker/raw-client.ts'
import { readBack } from '../../../contract/read-back.ts'
import { TransactionClient } from '../../../contract/transaction-client.ts'
import { freePorts } from '../../../support/ports.ts'

const start = (options = {}) => EmbeddedCluster.start({ logger: silentLogger, ...options })

/** A transactional producer whose topic is there. */
async function client(cluster: EmbeddedCluster, partitions = 1): Promise<TransactionClient> {
  const made = new TransactionClient(cluster.bootstrapServers, 'txn')
  await cluster.createTopic(made.topic, { partitions })
  return made
}

const values = async (cluster: EmbeddedCluster, topic: string) =>
  (await readBack(cluster.bootstrapServers, topic)).map(({ value }) => value).sort()

test('until the markers are written the next transaction waits, and readers do', async () => {
  await using cluster = await start()
  using producer = await client(cluster)
  const first = await producer.identity()
  await producer.produce(12, first, { value: 'first' })
  let held = true
  cluster.fail('WriteTxnMarkers', 'NOT_LEADER_OR_FOLLOWER', { while: () => held })
  const second = await producer.end(5, first, true)
  expect(second).toMatchObject({ error: 'NONE', producerEpoch: 1 })
  expect((await producer.describe()).state).toBe('PrepareCommit')
  expect(await producer.produce(12, second)).toBe('CONCURRENT_TRANSACTIONS')
  expect(await producer.produce(9, second, { mayLack: true })).toBe('NOT_ENOUGH_REPLICAS')
  expect(await producer.add(3, second)).toBe('CONCURRENT_TRANSACTIONS')
  expect(await producer.init(5)).toMatchObject({ error: 'CONCURRENT_TRANSACTIONS' })
  using reader = await RawClient.open(cluster.brokers[0]!.address)
  const latest = async (isolationLevel: number) => {
    const topics = [{ name: producer.topic, partitions: [{ partitionIndex: 0, timestamp: -1 }] }]
    const answer = await reader.call(ListOffsets, 5, { replicaId: -1, isolationLevel, topics })
    return answer.topics[0]!.partitions[0]!.offset
  }
  expect([await latest(0), await latest(1)]).toEqual([1, 0])
  held = false
  expect(await producer.settled()).toBe('CompleteCommit')
  expect([await latest(0), await latest(1)]).toEqual([2, 2])
})

test('what was sent later does not overtake a batch that had to wait for the markers', async () => {
  await using cluster = await start()
  using producer = await client(cluster, 2)
  const first = await producer.identity()
  await producer.produce(12, first, { value: 'first' })
  let held = true
  cluster.fail('WriteTxnMarkers', 'NOT_LEADER_OR_FOLLOWER', { while: () => held })
  const second = await producer.end(5, first, true)
  const later = { partition: 1, sequence: 1 }
  const sooner = { partition: 1, sequence: 0 }
  expect(await producer.produce(12, second, sooner)).toBe('CONCURRENT_TRANSACTIONS')
  held = false
  await producer.settled()
  expect(await producer.produce(12, second, later)).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
  expect(await producer.produce(12, second, sooner)).toBe('NONE')
  expect(await producer.produce(12, second, later)).toBe('NONE')
})

test('a marker waits for a leader, and a coordinator moves with its state', async () => {
  // One is stopped and started again: a port of the system's choice might go to another meanwhile.
  const [port] = await freePorts(3)
  await using cluster = await start({ brokers: 3, port, defaultReplicationFactor: 1 })
  using producer = await client(cluster, 3)
  const first = await producer.identity()
  for (const partition of [0, 1, 2]) {
    await producer.produce(12, first, { partition, value: `${partition}` })
  }
  const stopped = cluster.broker(cluster.leader(producer.topic, 1))
  await stopped.stop()
  using again = new TransactionClient(
    cluster.brokers
      .filter(broker => broker.isRunning)
      .map(({ address }) => `${address.host}:${address.port}`)
      .join(),
    'txn',
  )
  expect(await again.describe()).toMatchObject({ state: 'Ongoing' })
  expect(await again.end(5, first, true)).toMatchObject({ error: 'NONE' })
  expect(await again.describe()).toMatchObject({ state: 'PrepareCommit' })
  await stopped.start()
  expect(await again.settled()).toBe('CompleteCommit')
  expect(await values(cluster, producer.topic)).toEqual(['0', '1', '2'])
})

test.each([true, false])(
  'what was decided happens after a restart (committed %s)',
  async committed => {
    const dataDir = await mkdtemp(join(tmpdir(), 'posthaste-txn-'))
    const cluster = await start({ dataDir })
    using producer = await client(cluster, 2)
    const first = await producer.identity()
    await producer.produce(12, first, { value: 'a' })
    await producer.produce(12, first, { partition: 1, value: 'b' })
    await producer.commitOffset(5, first, 42)
    cluster.fail('WriteTxnMarkers', 'NOT_LEADER_OR_FOLLOWER', { while: () => true })
    await producer.end(5, first, committed)
    await cluster.stop()
    const next = await start({ dataDir })
    using after = new TransactionClient(next.bootstrapServers, 'txn')
    const state = committed ? 'CompleteCommit' : 'CompleteAbort'
    expect(await after.describe()).toEqual({ state, producerEpoch: 1 })
    expect(await values(next, producer.topic)).toEqual(committed ? ['a', 'b'] : [])
    expect(await after.committed(true)).toBe(committed ? 42 : -1)
    // The same end again, since its answer may have been lost with the broker.
    expect(await after.end(5, first, committed)).toMatchObject({ error: 'NONE', producerEpoch: 1 })
    expect(await after.identity(5, first)).toMatchObject({ producerEpoch: 1 })
    await next.stop()
    await rm(dataDir, { recursive: true })
  },
)

test('a transaction that is open goes on after a restart', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'posthaste-txn-'))
  const cluster = await start({ dataDir })
  using producer = await client(cluster)
  const first = await producer.identity()
  await producer.produce(12, first, { value: 'a' })
  await producer.commitOffset(5, first, 42)
  await cluster.stop()
  const next = await start({ dataDir })
  using after = new TransactionClient(next.bootstrapServers, 'txn')
  expect(await after.committed(true)).toBe('UNSTABLE_OFFSET_COMMIT')
  expect(await after.produce(12, first, { sequence: 1, value: 'b' })).toBe('NONE')
  expect(await after.end(5, first, true)).toMatchObject({ error: 'NONE' })
  expect(await after.settled()).toBe('CompleteCommit')
  expect(await values(next, producer.topic)).toEqual(['a', 'b'])
  expect(await after.committed(true)).toBe(42)
  await next.stop()
  await rm(dataDir, { recursive: true })
})

test('a reader that waits for committed records is woken by the marker', async () => {
  await using cluster = await start()
  using producer = await client(cluster)
  const first = await producer.identity()
  await producer.produce(12, first, { value: 'x'.repeat(5_000) })
  using reader = await RawClient.open(cluster.brokers[0]!.address)
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 100_000 }]
  const topics = [{ topic: producer.topic, partitions }]
  const wait = { maxWaitMs: 60_000, minBytes: 4_000, isolationLevel: 1 }
  const fetching = reader.call(Fetch, 12, { ...wait, topics })
  await producer.end(5, first, true)
  const found = (await fetching).responses[0]!.partitions[0]!
  expect(found.records!.length).toBeGreaterThan(5_000)
  expect(found.abortedTransactions).toEqual([])
})
