import { expect, test } from 'vitest'
import {
  Consumer,
  DeliveryError,
  FencedError,
  type KafkaError,
  Producer,
  type ProducerOptions,
  StateError,
  silentLogger,
} from '../../src/index.ts'
import { type ClusterUnderTest, freshName, onBothClusters, onFirstProtocol } from './clusters.ts'
import { readBack } from './read-back.ts'

type Cluster = () => ClusterUnderTest

/** A transaction that is to time out must get begun within that time, on a busy machine too. */
const BRIEF_MS = 4_000

onBothClusters('a transactional producer', cluster => contract(cluster, 2))
onFirstProtocol('a transactional producer', cluster => contract(cluster, 1))

function contract(cluster: Cluster, transactionVersion: 1 | 2): void {
  const make = (transactionalId: string, options: ProducerOptions = {}) =>
    new Producer({
      'bootstrap.servers': cluster().bootstrapServers,
      'transactional.id': transactionalId,
      logger: silentLogger,
      ...options,
    })
  const committed = async (topic: string) =>
    (await readBack(cluster().bootstrapServers, topic)).map(({ value }) => value).sort()

  test('what is committed is seen, what is aborted is not', async () => {
    const topic = freshName('txn')
    await using producer = make(freshName('txn-id'))
    await producer.initTransactions()
    for (const [round, ending] of ['commit', 'abort', 'commit', 'abort', 'abort'].entries()) {
      producer.beginTransaction()
      const sends = ['a', 'b', 'c'].map(key =>
        producer.send({ topic, key, value: `${ending} ${round} ${key}` }),
      )
      await Promise.all(sends)
      await (ending === 'commit' ? producer.commitTransaction() : producer.abortTransaction())
    }
    const expected = [0, 2].flatMap(round => ['a', 'b', 'c'].map(key => `commit ${round} ${key}`))
    expect(await committed(topic)).toEqual(expected)
  })

  test('a commit waits for the records; what was not sent at an abort is never sent', async () => {
    const topic = freshName('txn')
    await using producer = make(freshName('txn-id'), { 'linger.ms': 5_000 })
    const outcomes: string[] = []
    await producer.transaction(tx => {
      for (let i = 0; i < 50; i++) tx.produce({ topic, value: 'in' }, () => outcomes.push('in'))
    })
    expect(outcomes).toHaveLength(50)
    const thrown = producer.transaction(tx => {
      tx.produce({ topic, value: 'out' }, error => outcomes.push(error!.code))
      throw new Error('on second thoughts')
    })
    await expect(thrown).rejects.toThrow('on second thoughts')
    expect(outcomes.at(-1)).toBe('TRANSACTION_ABORTED')
    expect(await committed(topic)).toEqual(Array(50).fill('in'))
  })

  test('a scope gives what its work gave, and an empty one costs nothing', async () => {
    const topic = freshName('txn')
    await using producer = make(freshName('txn-id'))
    expect(await producer.transaction(() => 42)).toBe(42)
    const report = await producer.transaction(tx => tx.send({ topic, value: 'v' }))
    expect(report).toMatchObject({ topic, value: 'v' })
  })

  test('a newer producer with the same id fences the older one, which is told so', async () => {
    const topic = freshName('txn')
    const id = freshName('txn-id')
    await using older = make(id)
    await older.transaction(tx => tx.send({ topic, value: 'older' }))
    older.beginTransaction()
    const lost = older.send({ topic, value: 'left open' })
    await lost
    await using newer = make(id)
    await newer.transaction(tx => tx.send({ topic, value: 'newer' }))
    await expect(older.commitTransaction()).rejects.toBeInstanceOf(FencedError)
    expect(() => older.beginTransaction()).toThrow(FencedError)
    expect(await committed(topic)).toEqual(['newer', 'older'])
  })

  test('a transaction that the coordinator timed out is not committed', async () => {
    const topic = freshName('txn')
    await using producer = make(freshName('txn-id'), { 'transaction.timeout.ms': BRIEF_MS })
    await producer.initTransactions()
    producer.beginTransaction()
    await producer.send({ topic, value: 'too slow' })
    const send = () =>
      producer.send({ topic, value: 'late' }).then(
        () => 'sent',
        (error: unknown) => (error instanceof DeliveryError ? error.code : String(error)),
      )
    await expect.poll(send, { timeout: 40_000, interval: 500 }).toBe('INVALID_PRODUCER_EPOCH')
    await expect(producer.commitTransaction()).rejects.toThrow(StateError)
    if (transactionVersion === 1) {
      // Its epoch was bumped and not handed on: nobody can tell it from a zombie's.
      await expect(producer.abortTransaction()).rejects.toBeInstanceOf(FencedError)
      expect(await committed(topic)).toEqual([])
      return
    }
    await producer.abortTransaction()
    await producer.transaction(tx => tx.send({ topic, value: 'in time' }))
    expect(await committed(topic)).toEqual(['in time'])
  })

  test('offsets of a transaction that timed out end it, but not the producer', async () => {
    const topic = freshName('txn')
    await using producer = make(freshName('txn-id'), { 'transaction.timeout.ms': BRIEF_MS })
    await producer.transaction(tx => tx.send({ topic, partition: 0, value: 'first' }))
    const group = freshName('txn-group')
    const metadata = { groupId: group, generationId: -1, memberId: '', groupInstanceId: null }
    producer.beginTransaction()
    const offsets = [{ topic, partition: 0, offset: 7 }]
    let failure: KafkaError | undefined
    const failed = async () => {
      failure ??= await producer.sendOffsetsToTransaction(offsets, metadata).then(
        () => undefined,
        (error: KafkaError) => error,
      )
      return failure !== undefined
    }
    await expect.poll(failed, { timeout: 40_000, interval: 500 }).toBe(true)
    if (transactionVersion === 1) {
      await expect(producer.abortTransaction()).rejects.toBeInstanceOf(FencedError)
      return
    }
    expect(failure).toMatchObject({ code: 'INVALID_PRODUCER_EPOCH', abortable: true })
    await producer.abortTransaction()
    await producer.transaction(tx => tx.sendOffsets([{ topic, partition: 0, offset: 8 }], metadata))
    expect(await committedOffset(cluster().bootstrapServers, group, topic)).toBe(8)
  })

  test('calls out of order are refused with the state and what would be legal', async () => {
    await using producer = make(freshName('txn-id'))
    const record = { topic: 't', value: 'v' }
    expect(() => producer.beginTransaction()).toThrow(
      'beginTransaction() in a transaction that is new; legal now: initTransactions()',
    )
    await producer.initTransactions()
    expect(() => producer.produce(record)).toThrow('legal now: beginTransaction()')
    producer.beginTransaction()
    expect(() => producer.beginTransaction()).toThrow('in a transaction that is open')
    await producer.commitTransaction()
    await expect(producer.commitTransaction()).rejects.toThrow('in a transaction that is ready')
    await using plain = new Producer({ 'bootstrap.servers': cluster().bootstrapServers })
    expect(() => plain.beginTransaction()).toThrow('on a producer without transactions')
  })

  test('offsets are committed with the transaction, or not at all', async () => {
    const topic = freshName('txn')
    const group = freshName('txn-group')
    await using producer = make(freshName('txn-id'))
    const metadata = { groupId: group, generationId: -1, memberId: '', groupInstanceId: null }
    await producer.transaction(async tx => {
      tx.produce({ topic, partition: 0, value: 'v' })
      await tx.sendOffsets([{ topic, partition: 0, offset: 41 }], metadata)
    })
    const aborted = producer.transaction(async tx => {
      await tx.sendOffsets([{ topic, partition: 0, offset: 99 }], metadata)
      throw new Error('no')
    })
    await expect(aborted).rejects.toThrow('no')
    expect(await committedOffset(cluster().bootstrapServers, group, topic)).toBe(41)
  })
}

/** How far a group has read partition 0: what is still in a transaction is waited for. */
async function committedOffset(bootstrapServers: string, groupId: string, topic: string) {
  const reader = new Consumer({ 'bootstrap.servers': bootstrapServers, 'group.id': groupId })
  try {
    return (await reader.committed([{ topic, partition: 0 }]))[0]?.offset
  } finally {
    await reader.close()
  }
}
