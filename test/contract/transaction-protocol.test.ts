import { expect, test } from 'vitest'
import { freshName, onBothClusters, onFirstProtocol } from './clusters.ts'
import { createTopic } from './consuming.ts'
import { type Identity, TransactionClient } from './transaction-client.ts'

/**
 * What coordinators and leaders answer, request by request, in both protocols of transactions. The
 * expectations were taken from Apache Kafka 4.3.1 and are held against it and the embedded cluster.
 */
function conversations(bootstrapServers: () => string, transactionVersion: 1 | 2): void {
  const talk = async (work: (client: TransactionClient) => Promise<void>) => {
    using client = new TransactionClient(bootstrapServers(), freshName('talk'))
    // Whoever coordinates or leads it would refuse a topic that it has not heard of yet.
    await createTopic(bootstrapServers(), client.topic, 1)
    await work(client)
  }
  const epochOf = (answer: { error: string; producerEpoch: number }) =>
    answer.error === 'NONE' ? answer.producerEpoch : answer.error
  const errorOf = ({ error }: { error: string }) => error

  test('in the second protocol each end bumps the epoch, and tells a repeated request by it', () =>
    talk(async client => {
      const first = await client.identity()
      expect(await client.produce(12, first)).toBe('NONE')
      expect(await client.describe()).toEqual({ state: 'Ongoing', producerEpoch: 0 })
      const second = await client.end(5, first, true)
      expect(second).toEqual({ error: 'NONE', producerId: first.producerId, producerEpoch: 1 })
      expect(await client.settled()).toBe('CompleteCommit')
      expect(await client.end(5, first, true)).toEqual(second)
      expect(errorOf(await client.end(5, first, false))).toBe('INVALID_TXN_STATE')
      expect(await client.produce(12, first, { sequence: 1 })).toBe('INVALID_PRODUCER_EPOCH')
      expect(await client.add(3, first)).toBe('PRODUCER_FENCED')
      expect(await client.produce(12, second, { sequence: 3 })).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
      expect(await client.produce(12, second)).toBe('NONE')
      const third = await client.end(5, second, false)
      expect(epochOf(third)).toBe(2)
      expect(await client.settled()).toBe('CompleteAbort')
      expect(epochOf(await client.init(5, second))).toBe(2)
      expect(epochOf(await client.init(5, first))).toBe('PRODUCER_FENCED')
      expect(epochOf(await client.init(5))).toBe(3)
    }))

  test('what touched nothing can be aborted for a new epoch, not committed', () =>
    talk(async client => {
      const first = await client.identity()
      expect(errorOf(await client.end(4, first, false))).toBe('INVALID_TXN_STATE')
      expect(errorOf(await client.end(5, first, true))).toBe('INVALID_TXN_STATE')
      const second = await client.end(5, first, false)
      expect(epochOf(second)).toBe(1)
      expect(await client.settled()).toBe('CompleteAbort')
      expect(await client.end(5, first, false)).toEqual(second)
      expect(errorOf(await client.end(5, second, true))).toBe('INVALID_TXN_STATE')
      expect(epochOf(await client.end(5, second, false))).toBe(2)
    }))

  test('in the first protocol partitions are added first, and the epoch stays', () =>
    talk(async client => {
      const id = await client.identity()
      expect(await client.produce(9, id)).toBe('INVALID_TXN_STATE')
      expect(await client.produce(11, id)).toBe('TRANSACTION_ABORTABLE')
      expect(await client.verify(id)).toBe('TRANSACTION_ABORTABLE')
      expect(await client.add(3, id)).toBe('NONE')
      expect(await client.verify(id)).toBe('NONE')
      expect(await client.verify(id, 7)).toBe('UNKNOWN_TOPIC_OR_PARTITION')
      const both = (await client.add(3, id, [0, 7])).split(' ').sort()
      expect(both).toEqual(['OPERATION_NOT_ATTEMPTED', 'UNKNOWN_TOPIC_OR_PARTITION'])
      expect(await client.produce(9, id)).toBe('NONE')
      const plain = { transactional: false, sequence: 1 }
      expect(await client.produce(9, id, plain)).toBe('INVALID_TXN_STATE')
      expect(errorOf(await client.end(4, id, true))).toBe('NONE')
      expect(await client.settled()).toBe('CompleteCommit')
      expect(await client.describe()).toMatchObject({ producerEpoch: 0 })
      expect(errorOf(await client.end(4, id, true))).toBe('NONE')
      expect(errorOf(await client.end(4, id, false))).toBe('INVALID_TXN_STATE')
      expect(await client.add(3, id)).toBe('NONE')
      expect(await client.produce(9, id, { sequence: 1 })).toBe('NONE')
      expect(await client.produce(9, id, { sequence: 5 })).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
      expect(errorOf(await client.end(4, id, false))).toBe('NONE')
      expect(await client.settled()).toBe('CompleteAbort')
    }))

  test('a producer goes on with the identity that it holds (KIP-360), an older one is told', () =>
    talk(async client => {
      const nobody = { producerId: 5n, producerEpoch: 0 }
      expect(epochOf(await client.init(5, nobody))).toBe(0)
      const first = await client.identity()
      const second = { ...first, producerEpoch: 2 }
      expect(epochOf(await client.init(5, first))).toBe(2)
      expect(epochOf(await client.init(5, first))).toBe(2)
      expect(epochOf(await client.init(5, second))).toBe(3)
      expect(epochOf(await client.init(5, first))).toBe('PRODUCER_FENCED')
      expect(epochOf(await client.init(3, first))).toBe('INVALID_PRODUCER_EPOCH')
      const other = { producerId: first.producerId + 7n, producerEpoch: 0 }
      expect(epochOf(await client.init(5, other))).toBe('PRODUCER_FENCED')
      expect(await client.add(3, other)).toBe('INVALID_PRODUCER_ID_MAPPING')
      expect(await client.verify(first)).toBe('PRODUCER_FENCED')
      expect(errorOf(await client.end(4, first, true))).toBe('PRODUCER_FENCED')
      expect(errorOf(await client.end(1, first, true))).toBe('INVALID_PRODUCER_EPOCH')
      expect(await client.add(1, first)).toBe('INVALID_PRODUCER_EPOCH')
      expect(await client.produce(9, first)).toBe('INVALID_PRODUCER_EPOCH')
      const future = { ...first, producerEpoch: 9 }
      expect(await client.add(3, future)).toBe('PRODUCER_FENCED')
      expect(errorOf(await client.end(5, future, false))).toBe('PRODUCER_FENCED')
      expect(await client.produce(12, future)).toBe('INVALID_PRODUCER_EPOCH')
    }))

  test('what nobody has begun, and what can not be', () =>
    talk(async client => {
      const nobody = { producerId: 5n, producerEpoch: 0 }
      expect(await client.add(3, nobody)).toBe('INVALID_PRODUCER_ID_MAPPING')
      expect(await client.verify(nobody)).toBe('INVALID_PRODUCER_ID_MAPPING')
      expect(errorOf(await client.end(5, nobody, true))).toBe('INVALID_PRODUCER_ID_MAPPING')
      expect(errorOf(await client.end(4, nobody, true))).toBe('INVALID_PRODUCER_ID_MAPPING')
      expect(await client.produce(12, nobody)).toBe('INVALID_PRODUCER_ID_MAPPING')
      expect((await client.describe()).state).toBe('TRANSACTIONAL_ID_NOT_FOUND')
      expect(epochOf(await client.init(5, undefined, 0))).toBe('INVALID_TRANSACTION_TIMEOUT')
      expect(epochOf(await client.init(5, undefined, 900_001))).toBe('INVALID_TRANSACTION_TIMEOUT')
      const half = { producerId: 5n, producerEpoch: -1 }
      expect(epochOf(await client.init(5, half))).toBe('INVALID_REQUEST')
    }))

  /** After an abort in the producer's place: what becomes of the identity that it still holds. */
  const shutOut = async (client: TransactionClient, held: Identity) => {
    expect(await client.settled()).toBe('CompleteAbort')
    expect(await client.describe()).toEqual({ state: 'CompleteAbort', producerEpoch: 1 })
    expect(await client.produce(12, held, { sequence: 1 })).toBe('INVALID_PRODUCER_EPOCH')
    expect(errorOf(await client.end(4, held, false))).toBe('PRODUCER_FENCED')
    expect(errorOf(await client.end(5, held, true))).toBe('INVALID_TXN_STATE')
    expect(epochOf(await client.end(5, held, false))).toBe(1)
    const outcome = transactionVersion === 2 ? 1 : 'PRODUCER_FENCED'
    expect(epochOf(await client.init(5, held))).toBe(outcome)
    expect(epochOf(await client.init(5))).toBe(2)
    expect(epochOf(await client.init(5, held))).toBe('PRODUCER_FENCED')
  }

  test('whoever takes a transactional id over aborts what was left open', () =>
    talk(async client => {
      const held = await client.identity()
      expect(await client.produce(12, held)).toBe('NONE')
      expect(epochOf(await client.init(5))).toBe('CONCURRENT_TRANSACTIONS')
      await shutOut(client, held)
    }))

  test('a transaction that takes too long is aborted', () =>
    talk(async client => {
      const held = await client.init(5, undefined, 3_000)
      expect(await client.produce(12, held)).toBe('NONE')
      await shutOut(client, held)
    }))

  test('offsets are part of a transaction, added first or by themselves', () =>
    talk(async client => {
      const first = await client.identity()
      expect(await client.commitOffset(3, first, 5)).toBe('INVALID_TXN_STATE')
      expect(await client.commitOffset(4, first, 5)).toBe('TRANSACTION_ABORTABLE')
      expect(await client.addOffsets(3, first)).toBe('NONE')
      expect(await client.commitOffset(3, first, 7)).toBe('NONE')
      expect(await client.commitOffset(3, first, 8)).toBe('NONE')
      expect(await client.committed(true)).toBe('UNSTABLE_OFFSET_COMMIT')
      expect(await client.committed(false)).toBe(-1)
      expect(errorOf(await client.end(4, first, true))).toBe('NONE')
      expect(await client.settled()).toBe('CompleteCommit')
      expect(await client.committed(true)).toBe(8)
      expect(await client.commitOffset(5, first, 9)).toBe('NONE')
      expect(await client.describe()).toMatchObject({ state: 'Ongoing' })
      expect(epochOf(await client.end(5, first, false))).toBe(1)
      expect(await client.settled()).toBe('CompleteAbort')
      expect(await client.committed(true)).toBe(8)
      expect(await client.commitOffset(5, first, 9)).toBe('INVALID_PRODUCER_EPOCH')
      expect(await client.commitOffset(3, first, 9)).toBe('INVALID_PRODUCER_EPOCH')
      expect(await client.addOffsets(3, first)).toBe('PRODUCER_FENCED')
      expect(await client.addOffsets(1, first)).toBe('INVALID_PRODUCER_EPOCH')
    }))
}

onBothClusters('transactions, request by request', cluster => {
  conversations(() => cluster().bootstrapServers, 2)
})

onFirstProtocol('transactions, request by request', cluster => {
  conversations(() => cluster().bootstrapServers, 1)
})
