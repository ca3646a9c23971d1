import { expect, it } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import {
  AddPartitionsToTxn,
  CreateTopics,
  EndTxn,
  Fetch,
  FindCoordinator,
  InitProducerId,
  ListOffsets,
  Produce,
} from '../../src/protocol/messages/index.ts'
import {
  BATCH_HEADER_BYTES,
  type BatchFields,
  BatchWriter,
  readBatches,
  sealBatch,
} from '../../src/records/index.ts'
import { RawClient } from '../broker/raw-client.ts'
import { startKafka } from '../kafka/cluster.ts'
import { describeWithKafka } from '../support/kafka.ts'
import { waitFor } from '../support/wait.ts'

const TOPIC = 'state'
/**
 * A segment ends when a record is that much later than its first: on both brokers by their times.
 * Markers have the time at which they are written: all of them must lie in the segment that their
 * transactions are in, however slow a broker is.
 */
const SEGMENT_MS = 600_000
const CONFIG = {
  'cleanup.policy': 'compact',
  'segment.ms': String(SEGMENT_MS),
  'min.cleanable.dirty.ratio': '0.01',
  'delete.retention.ms': '0',
}

type Pair = readonly [key: string, value: string | null]

/** The same input for any broker, over the wire alone. */
class Writer {
  readonly #client: RawClient
  /** Such that half of the second segment's time is over now. */
  #timestamp = Date.now() - 1.5 * SEGMENT_MS

  constructor(client: RawClient) {
    this.#client = client
  }

  async create(): Promise<void> {
    const configs = Object.entries(CONFIG).map(([name, value]) => ({ name, value }))
    const topic = { name: TOPIC, numPartitions: 1, replicationFactor: 1, assignments: [], configs }
    const ask = { topics: [topic], validateOnly: false }
    const { topics } = await this.#client.call(CreateTopics, 7, ask)
    expect(topics).toMatchObject([{ errorCode: 0 }])
    await waitFor('the topic', async () => (await offsetOf(this.#client, -1)) === 0)
  }

  async write(pairs: readonly Pair[], fields: Partial<BatchFields> = {}, id: string | null = null) {
    const writer = new BatchWriter(Buffer.alloc(BATCH_HEADER_BYTES + 200 * pairs.length))
    for (const [key, value] of pairs) writer.append(this.#timestamp, key, value)
    const records = Buffer.from(writer.bytes())
    const times = { baseTimestamp: this.#timestamp, maxTimestamp: this.#timestamp }
    sealBatch(records, { count: pairs.length, ...times, ...fields })
    const topicData = [{ name: TOPIC, partitionData: [{ index: 0, records }] }]
    const ask = { acks: -1, timeoutMs: 5000, transactionalId: id, topicData }
    const { responses } = await this.#client.call(Produce, 9, ask)
    expect(responses[0]!.partitionResponses[0]).toMatchObject({ errorCode: 0 })
  }

  /** The next batch begins a segment. */
  roll(): void {
    this.#timestamp += SEGMENT_MS + 1
  }

  async transaction(id: string, pairs: readonly Pair[], committed: boolean): Promise<void> {
    const client = this.#client
    await waitFor('a coordinator', async () => {
      const found = await client.call(FindCoordinator, 4, { keyType: 1, coordinatorKeys: [id] })
      return found.coordinators[0]!.errorCode === 0
    })
    let mine = { producerId: -1n, producerEpoch: -1 }
    await waitFor('an identity', async () => {
      const ask = { transactionalId: id, transactionTimeoutMs: 60_000 }
      const { errorCode, ...identity } = await client.call(InitProducerId, 4, ask)
      mine = identity
      return errorCode === 0
    })
    const topics = [{ name: TOPIC, partitions: [0] }]
    const facts = { v3AndBelowTransactionalId: id, v3AndBelowProducerId: mine.producerId }
    const ask = { ...facts, v3AndBelowProducerEpoch: mine.producerEpoch, v3AndBelowTopics: topics }
    await client.call(AddPartitionsToTxn, 3, ask)
    const { producerId, producerEpoch } = mine
    const fields = { producerId, producerEpoch, transactional: true, baseSequence: 0 }
    await this.write(pairs, fields, id)
    const before = await offsetOf(client, -1)
    await client.call(EndTxn, 3, { transactionalId: id, producerId, producerEpoch, committed })
    await waitFor('the marker', async () => (await offsetOf(client, -1, 1)) === before + 1)
  }
}

async function offsetOf(client: RawClient, timestamp: number, isolationLevel = 0): Promise<number> {
  const topics = [{ name: TOPIC, partitions: [{ partitionIndex: 0, timestamp }] }]
  const answer = await client.call(ListOffsets, 7, { replicaId: -1, isolationLevel, topics })
  return answer.topics[0]!.partitions[0]!.offset
}

/** Every batch that is left, with what a reader can tell of it. */
async function contents(client: RawClient): Promise<string[]> {
  const lines: string[] = []
  const end = await offsetOf(client, -1)
  for (let fetchOffset = await offsetOf(client, -2); fetchOffset < end; ) {
    const partitions = [{ partition: 0, fetchOffset, partitionMaxBytes: 2 ** 20 }]
    const wait = { maxWaitMs: 0, minBytes: 0, isolationLevel: 0 }
    const answer = await client.call(Fetch, 12, { ...wait, topics: [{ topic: TOPIC, partitions }] })
    const batches = [...readBatches(answer.responses[0]!.partitions[0]!.records!)]
    for (const batch of batches) {
      batch.verifyCrc()
      const { baseOffset, lastOffset, baseSequence } = batch
      const kind = `${batch.isTransactional ? 'transactional' : 'plain'} ${baseSequence}`
      lines.push(`${baseOffset}-${lastOffset} ${batch.isControl ? 'marker' : kind}`)
      if (batch.isControl) continue
      for (const { offset, key, value } of batch.cursor()) lines.push(`  ${offset} ${key}=${value}`)
    }
    fetchOffset = batches.at(-1)?.nextOffset ?? end
  }
  return lines
}

/** Everything that compaction must judge; a cleaned stretch before a second one. */
async function first(writer: Writer): Promise<void> {
  await writer.create()
  await writer.write([
    ['a', '1'],
    ['b', '1'],
    ['a', '2'],
    ['gone', '1'],
  ])
  await writer.write([['c', '1']], { producerId: 900_000n, producerEpoch: 0, baseSequence: 0 })
  await writer.write(
    [
      ['c', '2'],
      ['c', '3'],
    ],
    {
      producerId: 900_000n,
      producerEpoch: 0,
      baseSequence: 1,
    },
  )
  writer.roll()
  await writer.transaction(
    'aborts',
    [
      ['a', 'aborted'],
      ['only-aborted', '1'],
    ],
    false,
  )
  await writer.transaction(
    'commits',
    [
      ['b', 'committed'],
      ['d', 'committed'],
    ],
    true,
  )
  await writer.write([
    ['gone', null],
    ['c', '4'],
  ])
  writer.roll()
  await writer.write([['e', '1']])
}

async function second(writer: Writer): Promise<void> {
  await writer.write([
    ['b', '3'],
    ['d', '2'],
    ['e', '2'],
  ])
  writer.roll()
  await writer.write([['f', '1']])
}

describeWithKafka('a compacted topic', () => {
  it('keeps what Kafka keeps', { timeout: 180_000 }, async () => {
    await using kafka = await startKafka({ config: { 'log.cleaner.backoff.ms': '200' } })
    await using cluster = await EmbeddedCluster.start()
    const [host, port] = kafka.bootstrapServers.split(':')
    using theirs = await RawClient.open({ host: host!, port: Number(port) })
    using ours = await RawClient.open(cluster.brokers[0]!.address)
    const [their, our] = [new Writer(theirs), new Writer(ours)]
    for (const step of [first, second]) {
      await step(their)
      await step(our)
      await cluster.clean()
      const expected = await contents(ours)
      expect(expected.join()).not.toMatch(/aborted|a=1|c=2/)
      const isDone = async () => (await contents(theirs)).length <= expected.length
      await waitFor("Kafka's cleaner", isDone, { limitMs: 90_000 })
      expect(expected).toEqual(await contents(theirs))
    }
  })
})
