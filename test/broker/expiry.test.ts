import { afterEach, expect, test } from 'vitest'
import { FakeClock } from '../../src/base/fake-clock.ts'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { silentLogger } from '../../src/logger.ts'
import { errorByCode } from '../../src/protocol/errors.ts'
import {
  DescribeProducers,
  IncrementalAlterConfigs,
  InitProducerId,
  Produce,
} from '../../src/protocol/messages/index.ts'
import { batchOf } from './batches.ts'
import { RawClient } from './raw-client.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const BROKER = 4

const clock = new FakeClock()
let cluster: EmbeddedCluster
let client: RawClient
afterEach(async () => {
  client.close()
  await cluster.stop()
})

async function start(brokerConfig: Record<string, string> = {}) {
  cluster = await EmbeddedCluster.start({ clock, brokerConfig, logger: silentLogger })
  await cluster.createTopic('orders')
  client = await RawClient.open(cluster.brokers[0]!.address)
}

/** Time passes, by which idle connections end. */
async function later(ms: number) {
  client.close()
  await clock.advance(ms)
  client = await RawClient.open(cluster.brokers[0]!.address)
}

async function init(transactionalId: string | null, transactionTimeoutMs = 1_000) {
  const answer = await client.call(InitProducerId, 4, { transactionalId, transactionTimeoutMs })
  return { ...answer, error: errorByCode(answer.errorCode).name }
}

/** A client that comes, writes once, and goes. */
async function guest(): Promise<bigint> {
  const { producerId, producerEpoch } = await init(null)
  const timestamp = clock.epoch()
  const records = batchOf(['a'], { timestamp, producerId, producerEpoch, baseSequence: 0 })
  const partitionData = [{ index: 0, records }]
  const topicData = [{ name: 'orders', partitionData }]
  const { responses } = await client.call(Produce, 9, { acks: -1, timeoutMs: 1_000, topicData })
  expect(responses[0]!.partitionResponses[0]!.errorCode).toBe(0)
  return producerId
}

async function known(): Promise<bigint[]> {
  const topics = [{ name: 'orders', partitionIndexes: [0] }]
  const answer = await client.call(DescribeProducers, 0, { topics })
  return answer.topics[0]!.partitions[0]!.activeProducers.map(({ producerId }) => producerId)
}

test('a producer that wrote nothing for a day is forgotten', async () => {
  await start()
  const first = await guest()
  await later(DAY_MS / 2)
  const second = await guest()
  expect(await known()).toEqual([first, second])
  await later(DAY_MS / 2 + MINUTE_MS)
  const third = await guest()
  expect(await known()).toEqual([second, third])
  await later(2 * DAY_MS)
  expect(await known()).toEqual([])
})

test('or for as long as producer.id.expiration.ms says, which can be altered', async () => {
  await start({ 'producer.id.expiration.ms': `${30 * MINUTE_MS}` })
  const first = await guest()
  await later(20 * MINUTE_MS)
  expect(await known()).toEqual([first])
  const configs = [
    { name: 'producer.id.expiration.ms', configOperation: 0, value: `${15 * MINUTE_MS}` },
  ]
  await client.call(IncrementalAlterConfigs, 1, {
    resources: [{ resourceType: BROKER, resourceName: '', configs }],
    validateOnly: false,
  })
  await later(15 * MINUTE_MS)
  expect(await known()).toEqual([])
})

test('a transactional id that nobody comes back to is forgotten when others come', async () => {
  await start({ 'transactional.id.expiration.ms': `${DAY_MS}` })
  await init('gone')
  await later(DAY_MS + MINUTE_MS)
  await init('new')
  const log = await cluster.records('__transaction_state')
  const tombstones = log.filter(({ value }) => value === null)
  expect(tombstones.map(({ key }) => key?.toString())).toEqual([expect.stringContaining('gone')])
})

test('the longest timeout of a transaction is what was set', async () => {
  await start({ 'transaction.max.timeout.ms': '5000' })
  expect((await init('t', 5_001)).error).toBe('INVALID_TRANSACTION_TIMEOUT')
  expect((await init('t', 5_000)).error).toBe('NONE')
})
