import { describe, expect, test } from 'vitest'
import { BufferFullError, DeliveryError, MessageTooLargeError } from '../../../src/errors.ts'
import type { Reply } from '../../support/scripted-broker.ts'
import { acceptAll, collect, setUp } from '../../support/scripted-producer.ts'

const accept = acceptAll()

describe('delivery', () => {
  test('a report tells where the record went', async () => {
    const { clock, producer } = await setUp(() => ({ baseOffset: 41 }))
    const sent = producer.send({ topic: 't', key: 'k', value: 'v', timestamp: 123 })
    await clock.advance(10)
    const { latencyMs, ...report } = await sent
    expect(latencyMs).toBeGreaterThanOrEqual(0)
    expect(report).toEqual({
      topic: 't',
      partition: 0,
      offset: 41,
      timestamp: 123,
      key: 'k',
      value: 'v',
      headers: undefined,
    })
  })

  test('records of one tick travel in one batch, and offsets count from its base', async () => {
    const { clock, broker, producer } = await setUp(() => ({ baseOffset: 100 }))
    const { outcomes, callback } = collect()
    for (const value of ['a', 'b', 'c']) producer.produce({ topic: 't', value }, callback)
    await clock.advance(10)
    expect(broker.arrivals.map(({ values }) => values)).toEqual([['a', 'b', 'c']])
    expect(outcomes).toEqual(['ok 100', 'ok 101', 'ok 102'])
  })

  test('a batch waits linger.ms where that was given', async () => {
    const { clock, broker, producer } = await setUp(accept, { 'linger.ms': 50 })
    await clock.advance(0)
    producer.produce({ topic: 't', value: 'a' })
    await clock.advance(49)
    expect(broker.arrivals).toHaveLength(0)
    producer.produce({ topic: 't', value: 'b' })
    await clock.advance(2)
    expect(broker.arrivals.map(({ values }) => values)).toEqual([['a', 'b']])
  })

  test('acks=0 reports as soon as the record is written, without an offset', async () => {
    const { clock, producer } = await setUp(accept, { acks: 0 })
    const sent = producer.send({ topic: 't', value: 'v' })
    await clock.advance(10)
    expect((await sent).offset).toBe(-1)
  })

  test('a callback that throws is told as an error and harms no other record', async () => {
    const { clock, producer } = await setUp(() => ({ baseOffset: 0 }))
    const errors: Error[] = []
    producer.on('error', error => errors.push(error))
    const { outcomes, callback } = collect()
    producer.produce({ topic: 't', value: 'a' }, () => {
      throw new Error('mine')
    })
    producer.produce({ topic: 't', value: 'b' }, callback)
    await clock.advance(10)
    expect(outcomes).toEqual(['ok 1'])
    expect(errors.map(({ message }) => message)).toEqual(['a delivery callback threw: mine'])
  })

  test('what can not be called, listed or waited for is refused, and the producer is well', async () => {
    const { clock, producer } = await setUp(accept)
    const record = { topic: 't', value: 'v' }
    expect(() => Reflect.apply(producer.produce, producer, [record, 'told'])).toThrow(
      'the callback of produce() must be a function, got string',
    )
    await expect(Reflect.apply(producer.sendBatch, producer, [record])).rejects.toThrow(
      'sendBatch() takes a list of records, got Object; send() takes a single one',
    )
    await expect(Reflect.apply(producer.flush, producer, [{ timeout: 5 }])).rejects.toThrow(
      'the timeout of flush() must be milliseconds, got Object',
    )
    await expect(Reflect.apply(producer.close, producer, [{ timeout: '5s' }])).rejects.toThrow(
      'the timeout of close() must be milliseconds, got string',
    )
    const sent = producer.send(record)
    await clock.advance(10)
    expect((await sent).topic).toBe('t')
  })

  test('sendBatch gives a result for each record; a bad one fails alone', async () => {
    const { clock, producer } = await setUp(() => ({ baseOffset: 7 }))
    const bad = { topic: 't', value: 5 as never }
    const done = producer.sendBatch([{ topic: 't', value: 'a' }, bad, { topic: 't', value: 'b' }])
    await clock.advance(10)
    const results = await done
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(results[2]).toMatchObject({ value: { offset: 8 } })
  })
})

describe('idempotence', () => {
  test('sequences count the records of a partition', async () => {
    const { clock, broker, producer } = await setUp(accept)
    for (const count of [2, 3, 1]) {
      for (let i = 0; i < count; i++) producer.produce({ topic: 't', value: `${i}` })
      await clock.advance(20)
    }
    expect(broker.arrivals.map(({ baseSequence }) => baseSequence)).toEqual([0, 2, 5])
    expect(new Set(broker.arrivals.map(({ producerId }) => producerId))).toEqual(new Set([1000n]))
  })

  test('a batch whose answer was lost is sent again with the same sequence', async () => {
    const { clock, broker, producer } = await setUp((_, nth) =>
      nth === 0 ? 'hang up' : { baseOffset: 5 },
    )
    const sent = producer.send({ topic: 't', value: 'v' })
    await clock.advance(1_000)
    expect((await sent).offset).toBe(5)
    const facts = broker.arrivals.map(({ baseSequence, producerEpoch }) => [
      baseSequence,
      producerEpoch,
    ])
    expect(facts).toEqual([
      [0, 0],
      [0, 0],
    ])
  })

  test('a broker that stays silent is left after request.timeout.ms, and the batch sent again', async () => {
    const { clock, broker, producer } = await setUp(
      (_, nth) => (nth === 0 ? 'silence' : { baseOffset: 0 }),
      { 'request.timeout.ms': 500 },
    )
    const sent = producer.send({ topic: 't', value: 'v' })
    await clock.advance(2_000)
    expect((await sent).offset).toBe(0)
    expect(broker.arrivals.map(({ baseSequence }) => baseSequence)).toEqual([0, 0])
  })

  test('a duplicate that the broker recognises counts as delivered', async () => {
    const { clock, producer } = await setUp((_, nth) => (nth === 0 ? 'hang up' : { errorCode: 46 }))
    const sent = producer.send({ topic: 't', value: 'v' })
    await clock.advance(1_000)
    expect(await sent).toMatchObject({ topic: 't', offset: -1 })
  })

  test('of several batches in flight, those behind a failed one follow it in order', async () => {
    // The second is refused once; what was in flight behind it is out of order by nature.
    let expected = 0
    let refused = false
    const { clock, broker, producer } = await setUp(
      {
        delayMs: 20,
        produce({ baseSequence, values }) {
          if (baseSequence === 1 && !refused) {
            refused = true
            return { errorCode: 19 }
          }
          if (baseSequence !== expected) return { errorCode: 45 }
          expected += values.length
          return { baseOffset: baseSequence }
        },
      },
      { 'linger.ms': 1 },
    )
    const { outcomes, callback } = collect()
    producer.produce({ topic: 't', value: 'a' }, callback)
    await clock.advance(100)
    for (const value of ['b', 'c', 'd', 'e']) {
      producer.produce({ topic: 't', value }, callback)
      await clock.advance(3)
    }
    await clock.advance(5_000)
    expect(outcomes).toEqual(['ok 0', 'ok 1', 'ok 2', 'ok 3', 'ok 4'])
    expect(broker.arrivals.length).toBeGreaterThan(5)
    expect(new Set(broker.arrivals.map(({ producerEpoch }) => producerEpoch))).toEqual(new Set([0]))
  })

  test('the first batch of a partition travels alone, as any sequence would be taken then', async () => {
    const { clock, broker, producer } = await setUp(
      { delayMs: 50, produce: (_, nth) => (nth === 0 ? { errorCode: 19 } : { baseOffset: nth }) },
      { 'linger.ms': 0 },
    )
    for (const value of ['a', 'b', 'c']) {
      producer.produce({ topic: 't', value })
      await clock.advance(10)
    }
    await clock.advance(5_000)
    expect(broker.arrivals.flatMap(({ values }) => values).slice(0, 2)).toEqual(['a', 'a'])
  })

  test('a broken sequence goes on under the next epoch, from 0 (KIP-360)', async () => {
    const { clock, broker, producer } = await setUp(({ producerEpoch }, nth) =>
      nth === 1 && producerEpoch === 0 ? { errorCode: 45 } : { baseOffset: nth },
    )
    const first = producer.send({ topic: 't', value: 'a' })
    await clock.advance(20)
    await first
    const second = producer.send({ topic: 't', value: 'b' })
    await clock.advance(1_000)
    expect((await second).offset).toBe(2)
    expect(
      broker.arrivals.map(({ producerEpoch, baseSequence }) => [producerEpoch, baseSequence]),
    ).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
    ])
  })

  test('what may be stored already is not sent again under a new epoch, but failed as such', async () => {
    const { clock, broker, producer } = await setUp((_, nth) => {
      if (nth === 0) return 'hang up'
      return nth === 1 ? { errorCode: 59 } : { baseOffset: nth }
    })
    const { outcomes, callback } = collect()
    producer.produce({ topic: 't', value: 'a' }, callback)
    await clock.advance(2_000)
    producer.produce({ topic: 't', value: 'b' }, callback)
    await clock.advance(2_000)
    expect(outcomes).toEqual(['UNKNOWN_PRODUCER_ID/maybe', 'ok 2'])
    expect(broker.arrivals.at(-1)).toMatchObject({ producerEpoch: 1, baseSequence: 0 })
  })
})

describe('the deadline', () => {
  test.each<[string, Reply, 'no' | 'maybe']>([
    ['refused again and again', { errorCode: 19 }, 'no'],
    ['answered by silence', 'silence', 'maybe'],
    ['cut off', 'hang up', 'maybe'],
  ])('a record that is %s fails when delivery.timeout.ms is over', async (_, reply, persisted) => {
    const { clock, producer } = await setUp(() => reply, {
      'delivery.timeout.ms': 3_000,
      'request.timeout.ms': 1_000,
    })
    const { outcomes, callback } = collect()
    producer.produce({ topic: 't', value: 'v' }, callback)
    await clock.advance(2_900)
    expect(outcomes).toEqual([])
    await clock.advance(200)
    expect(outcomes).toHaveLength(1)
    expect(outcomes[0]).toMatch(new RegExp(`/${persisted}$`))
    expect(producer.metrics().queueRecords).toBe(0)
  })

  test('a topic that nobody creates fails its records by then, with advice', async () => {
    const { clock, producer } = await setUp(accept, { 'delivery.timeout.ms': 2_000 })
    const sent = producer.send({ topic: 'nowhere', value: 'v' }).catch(error => error)
    await clock.advance(2_100)
    const error = await sent
    expect(error).toBeInstanceOf(DeliveryError)
    expect(error).toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION', persisted: 'no' })
    expect(error.message).toContain('create it first')
  })

  test('after a batch was given up in flight, the next goes on under a new epoch', async () => {
    const { clock, broker, producer } = await setUp(
      ({ producerEpoch }) => (producerEpoch === 0 ? 'silence' : { baseOffset: 9 }),
      { 'delivery.timeout.ms': 1_000, 'request.timeout.ms': 5_000 },
    )
    const { outcomes, callback } = collect()
    producer.produce({ topic: 't', value: 'a' }, callback)
    await clock.advance(5_500)
    producer.produce({ topic: 't', value: 'b' }, callback)
    await clock.advance(3_000)
    expect(outcomes).toEqual(['DELIVERY_TIMED_OUT/maybe', 'ok 9'])
    expect(broker.arrivals.at(-1)).toMatchObject({ producerEpoch: 1, baseSequence: 0 })
  })
})

describe('sizes', () => {
  test('a record above max.request.size is refused at the call, with figures', async () => {
    const { producer } = await setUp(accept, { 'max.request.size': 2_000, 'batch.size': 1_000 })
    const call = () => producer.produce({ topic: 't', value: Buffer.alloc(3_000) })
    expect(call).toThrow(MessageTooLargeError)
    expect(call).toThrow(/takes 30\d\d bytes, more than max.request.size \(2000\)/)
    expect(producer.metrics()).toMatchObject({ queueRecords: 0, queueBytes: 0 })
  })

  test('a batch that the broker finds too large is split, in order and in sequence', async () => {
    let expected = 0
    const { clock, broker, producer } = await setUp(({ values, baseSequence }) => {
      if (values.length > 2) return { errorCode: 10 }
      if (baseSequence !== expected) return { errorCode: 45 }
      expected += values.length
      return { baseOffset: baseSequence }
    })
    const { outcomes, callback } = collect()
    for (const value of ['a', 'b', 'c', 'd', 'e']) producer.produce({ topic: 't', value }, callback)
    await clock.advance(5_000)
    expect(outcomes).toEqual(['ok 0', 'ok 1', 'ok 2', 'ok 3', 'ok 4'])
    expect(new Set(broker.arrivals.map(({ producerEpoch }) => producerEpoch))).toEqual(new Set([0]))
  })

  test('a single record that the broker finds too large fails with its own error', async () => {
    const { clock, producer } = await setUp((_, nth) =>
      nth === 0 ? { errorCode: 10 } : { baseOffset: 3 },
    )
    const { outcomes, callback } = collect()
    producer.produce({ topic: 't', value: 'a' }, callback)
    await clock.advance(2_000)
    producer.produce({ topic: 't', value: 'b' }, callback)
    await clock.advance(2_000)
    expect(outcomes).toEqual(['MESSAGE_TOO_LARGE/no', 'ok 3'])
  })
})

describe('the buffer', () => {
  const small = { 'buffer.memory': 16_384, 'batch.size': 4_096, 'linger.ms': 5 }
  const value = Buffer.alloc(1_000, 'x')

  test('produce() says false past the high-water mark, then refuses, and goes on', async () => {
    const { clock, producer } = await setUp({ delayMs: 100, produce: accept }, small)
    await clock.advance(0)
    const answers: boolean[] = []
    const fill = () => {
      for (;;) answers.push(producer.produce({ topic: 't', value }))
    }
    expect(fill).toThrow(BufferFullError)
    expect(answers[0]).toBe(true)
    expect(answers.at(-1)).toBe(false)
    expect(producer.metrics().queueBytes).toBeLessThanOrEqual(16_384)
    const drained = producer.drain()
    await clock.advance(1_000)
    await drained
    expect(producer.produce({ topic: 't', value })).toBe(true)
  })

  test('send() waits its turn for space, up to max.block.ms', async () => {
    const { clock, producer } = await setUp(() => 'silence', { ...small, 'max.block.ms': 300 })
    const sends = Array.from({ length: 30 }, () =>
      producer.send({ topic: 't', value }).then(
        () => 'ok',
        error => error.code,
      ),
    )
    await clock.advance(400)
    const early = await Promise.all(sends.slice(-5))
    expect(early).toEqual(Array(5).fill('BUFFER_FULL'))
  })

  test('sends that waited are delivered in the order of their calls', async () => {
    const { clock, broker, producer } = await setUp({ delayMs: 10, produce: accept }, small)
    const sends = Array.from({ length: 60 }, (_, i) =>
      producer.send({ topic: 't', value: `${i}`.padEnd(1_000) }),
    )
    await clock.advance(5_000)
    await Promise.all(sends)
    const order = broker.arrivals.flatMap(({ values }) => values.map(Number))
    expect(order).toEqual(Array.from({ length: 60 }, (_, i) => i))
  })

  test('all memory is given back when all is settled', async () => {
    const { clock, producer } = await setUp({ delayMs: 3, produce: accept }, {}, 5)
    for (let i = 0; i < 5_000; i++) producer.produce({ topic: 't', key: `${i}`, value })
    await clock.advance(1_000)
    expect(producer.metrics()).toMatchObject({ queueRecords: 0, queueBytes: 0, recordsFailed: 0 })
  })
})

describe('flush, poll and close', () => {
  test('flush() sends what lingers, and counts what is left when time is up', async () => {
    const { clock, broker, producer } = await setUp(() => 'silence', { 'linger.ms': 60_000 })
    for (const value of ['a', 'b']) producer.produce({ topic: 't', value })
    const left = producer.flush(100)
    await clock.advance(100)
    expect(await left).toBe(2)
    expect(broker.arrivals).toHaveLength(1)
  })

  test('flush() waits for what was there at the call, also for topics not yet known', async () => {
    const { clock, producer } = await setUp(accept)
    producer.produce({ topic: 't', value: 'a' })
    const left = producer.flush()
    await clock.advance(50)
    expect(await left).toBe(0)
    expect(await producer.flush()).toBe(0)
  })

  test('poll() counts the reports served since the last call', async () => {
    const { clock, producer } = await setUp(accept)
    for (let i = 0; i < 4; i++) producer.produce({ topic: 't', value: 'v' }, () => {})
    const polled = producer.poll(1_000)
    await clock.advance(50)
    expect(await polled).toBe(4)
    expect(await producer.poll(0)).toBe(0)
  })

  test('close() gives back what was not delivered, as it was given', async () => {
    const { clock, producer } = await setUp(() => 'silence')
    const { outcomes, callback } = collect()
    const tracked = { topic: 't', key: 'k', value: 'tracked' }
    producer.produce(tracked, callback)
    producer.produce({ topic: 't', key: 'k', value: 'not tracked', headers: { h: '1' } })
    const closed = producer.close({ timeout: 200 })
    await clock.advance(300)
    const left = await closed
    expect(left[0]).toBe(tracked)
    expect(left[1]).toMatchObject({
      topic: 't',
      partition: 0,
      key: Buffer.from('k'),
      value: Buffer.from('not tracked'),
      headers: [{ key: 'h', value: Buffer.from('1') }],
    })
    expect(outcomes).toEqual(['CLOSED/maybe'])
    expect(() => producer.produce(tracked)).toThrow('produce() on a producer that is closed')
  })
})

describe('bad input', () => {
  test.each<[string, object, string]>([
    ['no topic', { value: 'v' }, 'the topic of a record must be a name, got undefined'],
    ['an illegal topic', { topic: 'a b' }, '"a b" can\'t be the name of a topic'],
    ['a negative partition', { topic: 't', partition: -1 }, 'a whole number from 0 on, got -1'],
    ['a strange timestamp', { topic: 't', timestamp: 1.5 }, 'whole milliseconds since 1970'],
    [
      'an object as value',
      { topic: 't', value: { a: 1 } },
      'must be a string or bytes, got Object',
    ],
    ['a header without sense', { topic: 't', headers: { h: 5 } }, 'the header h'],
  ])('%s is an error at the call, and nothing is enqueued', async (_, record, message) => {
    const { producer } = await setUp(accept)
    expect(() => producer.produce(record as { topic: string })).toThrow(message)
    expect(producer.metrics().queueRecords).toBe(0)
  })

  test('a partition that the topic does not have fails its record alone', async () => {
    const { clock, producer } = await setUp(accept)
    const { outcomes, callback } = collect()
    producer.produce({ topic: 't', partition: 5, value: 'a' }, callback)
    await clock.advance(1_000)
    producer.produce({ topic: 't', value: 'b' }, callback)
    await clock.advance(1_000)
    expect(outcomes[0]).toBe('UNKNOWN_TOPIC_OR_PARTITION/no')
    expect(outcomes[1]).toMatch(/^ok/)
  })

  test('a partitioner that throws or errs refuses its record at the call', async () => {
    const answers = [1, 7, 'boom'] as const
    let call = 0
    const { clock, producer } = await setUp(
      accept,
      {
        partitioner: () => {
          const answer = answers[call++]!
          if (answer === 'boom') throw new Error('boom')
          return answer
        },
      },
      2,
    )
    const first = producer.send({ topic: 't', value: 'a' })
    await clock.advance(50)
    expect((await first).partition).toBe(1)
    const produce = () => producer.produce({ topic: 't', value: 'b' })
    expect(produce).toThrow('the partitioner chose 7 for t')
    expect(produce).toThrow('boom')
    expect(producer.metrics().queueRecords).toBe(0)
  })
})
