import { context, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api'
import * as conventions from '@opentelemetry/semantic-conventions/incubating'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { ShiftableClock } from '../../src/base/shiftable-clock.ts'
import {
  Consumer,
  type ConsumerOptions,
  jsonSerializer,
  Producer,
  readProcessWrite,
  silentLogger,
} from '../../src/index.ts'
import { contextOf } from '../../src/opentelemetry/index.ts'
import { tapOperation } from '../../src/operations.ts'
import { freshName, onBothClusters } from './clusters.ts'
import { createTopic, metadataOf } from './consuming.ts'
import { idOf, linksOf, parentOf, Traces, traceOf, traceparent } from './tracing.ts'

onBothClusters('spans', cluster => {
  const servers = () => ({ 'bootstrap.servers': cluster().bootstrapServers })
  const producerOf = (more = {}) => new Producer({ ...servers(), 'client.id': 'shop', ...more })
  const consumerOf = (more: ConsumerOptions = {}) =>
    new Consumer({
      ...servers(),
      'client.id': 'billing',
      'group.id': freshName('traced'),
      'auto.offset.reset': 'earliest',
      'enable.auto.commit': false,
      ...more,
    })

  async function topicOf(name: string): Promise<string> {
    const topic = freshName(name)
    await createTopic(cluster().bootstrapServers, topic, 1)
    return topic
  }

  test('a record is one trace from the span it was produced in to that of its handler', async () => {
    using traces = new Traces()
    const topic = await topicOf('round-trip')
    await using producer = producerOf()
    await using consumer = consumerOf()
    await consumer.subscribe([topic])
    const outer = traces.tracer.startSpan('request')
    await context.with(trace.setSpan(context.active(), outer), () =>
      producer.send({ topic, key: 'k', value: 'v' }),
    )
    outer.end()
    const active: (string | undefined)[] = []
    await consumer.run({
      eachMessage: async message => {
        await consumer.commit(message)
        active.push(trace.getActiveSpan()?.spanContext().spanId)
        traces.tracer.startSpan('query').end()
        consumer.stop()
      },
    })
    const [send, publish] = [traces.one(`send ${topic}`), traces.one(`publish ${topic}`)]
    const [work, commit] = [traces.one(`process ${topic}`), traces.one(`commit ${topic}`)]
    expect(parentOf(send)).toBe(outer.spanContext().spanId)
    expect(parentOf(publish)).toBe(idOf(send))
    expect(linksOf(publish)).toEqual([idOf(send)])
    expect(parentOf(work)).toBe(idOf(send))
    expect(linksOf(work)).toEqual([idOf(send)])
    expect(work.parentSpanContext?.isRemote).toBe(true)
    expect(active).toEqual([idOf(work)])
    expect(parentOf(traces.one('query'))).toBe(idOf(work))
    expect(parentOf(commit)).toBe(idOf(work))
    expect(new Set(traces.spans.map(traceOf)).size).toBe(1)
  })

  test('spans say what the conventions ask, in their words', async () => {
    using traces = new Traces()
    const topic = await topicOf('words')
    await using producer = producerOf()
    await using consumer = consumerOf()
    await consumer.subscribe([topic])
    await producer.send({ topic, key: 'k', value: 'v' })
    for await (const message of consumer) {
      await consumer.commit(message)
      consumer.stop()
    }
    const names = ['send', 'publish', 'process', 'commit'].map(name => `${name} ${topic}`)
    const [send, publish, work, commit] = names.map(name => traces.one(name))
    const kinds = names.map(name => traces.one(name).kind)
    const { PRODUCER, CLIENT, CONSUMER } = SpanKind
    expect(kinds).toEqual([PRODUCER, CLIENT, CONSUMER, CLIENT])
    const place = {
      'messaging.system': 'kafka',
      'messaging.destination.name': topic,
      'messaging.destination.partition.id': '0',
    }
    const byProducer = { ...place, 'messaging.client.id': 'shop' }
    const byConsumer = {
      ...place,
      'messaging.client.id': 'billing',
      'messaging.consumer.group.name': consumer.groupMetadata().groupId,
    }
    expect(send?.attributes).toEqual({
      ...byProducer,
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.kafka.message.key': 'k',
      'messaging.kafka.offset': 0,
    })
    expect(publish?.attributes).toEqual({
      ...byProducer,
      'messaging.operation.name': 'publish',
      'messaging.operation.type': 'send',
      'messaging.batch.message_count': 1,
      'messaging.kafka.offset': 0,
      'server.address': '127.0.0.1',
      'server.port': expect.any(Number),
    })
    expect(work?.attributes).toEqual({
      ...byConsumer,
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.kafka.message.key': 'k',
      'messaging.kafka.offset': 0,
    })
    expect(commit?.attributes).toEqual({
      ...byConsumer,
      'messaging.operation.name': 'commit',
      'messaging.operation.type': 'settle',
      'messaging.kafka.offset': 1,
    })
    const known: unknown[] = Object.values(conventions)
    const used = traces.spans.flatMap(span => Object.keys(span.attributes))
    expect(used.filter(name => !known.includes(name))).toEqual([])
  })

  test("the program's headers stay its own, and a context of its own is respected", async () => {
    using traces = new Traces()
    const topic = await topicOf('headers')
    await using producer = producerOf()
    const origin = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 }
    const [object, list] = [{ a: '1' }, [{ key: 'a', value: '1' }]]
    const own = Object.freeze({ traceparent: traceparent(origin) })
    const sent = [
      { topic, value: '0', headers: object },
      { topic, value: '1', headers: list },
      { topic, value: '2', headers: own },
      { topic, value: '3' },
    ]
    const reports = await Promise.all(sent.map(record => producer.send(record)))
    expect(reports.map(({ headers }) => headers)).toEqual([object, list, own, undefined])
    expect(object).toEqual({ a: '1' })
    expect(list).toEqual([{ key: 'a', value: '1' }])
    const spans = await traces.ended(`send ${topic}`, 4)
    const inOrder = spans.toSorted((a, b) => offsetOf(a) - offsetOf(b))
    const made = inOrder.map(span => traceparent(span.spanContext()))
    await using consumer = consumerOf()
    await consumer.assign([{ topic, partition: 0, offset: 'earliest' }])
    const read: string[][] = []
    for await (const { headers } of consumer.messages({ until: 'end' })) {
      read.push(headers.map(({ key, value }) => `${key}=${value}`))
    }
    expect(read).toEqual([
      ['a=1', `traceparent=${made[0]}`],
      ['a=1', `traceparent=${made[1]}`],
      [`traceparent=${traceparent(origin)}`],
      [`traceparent=${made[3]}`],
    ])
    expect(linksOf(inOrder[2]!)).toEqual([origin.spanId])
  })

  test('every way to produce: callbacks run where the record was produced', async () => {
    using traces = new Traces()
    const topic = await topicOf('ways')
    await using producer = new Producer(
      { ...servers(), 'client.id': 'shop', 'linger.ms': 5 },
      { value: jsonSerializer },
    )
    const outer = traces.tracer.startSpan('request')
    const inside: (string | undefined)[] = []
    await context.with(trace.setSpan(context.active(), outer), async () => {
      for (let i = 0; i < 3; i++) {
        producer.produce({ topic, value: i }, () => {
          inside.push(trace.getActiveSpan()?.spanContext().spanId)
        })
      }
      producer.produce({ topic, value: null })
      await producer.sendBatch([
        { topic, value: 3 },
        { topic, value: 4 },
      ])
    })
    await producer.flush()
    const sends = traces.named(`send ${topic}`)
    expect(sends.map(parentOf)).toEqual(Array(6).fill(outer.spanContext().spanId))
    expect(inside).toEqual(Array(3).fill(outer.spanContext().spanId))
    expect(sends.filter(span => span.attributes['messaging.kafka.message.tombstone'])).toHaveLength(
      1,
    )
    // Each record is in one batch, and linked by what got that to the broker.
    const published = traces.named(`publish ${topic}`)
    expect(published.flatMap(linksOf).toSorted()).toEqual(sends.map(idOf).toSorted())
    const counts = published.map(span => Number(span.attributes['messaging.batch.message_count']))
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(6)
    for (const span of published.filter(({ links }) => links.length > 1)) {
      expect(span.parentSpanContext).toBeUndefined()
    }
  })

  test('batches link to their messages, up to the limit', async () => {
    using traces = new Traces({ maxLinks: 3 })
    const topic = await topicOf('batches')
    await using producer = producerOf()
    await producer.sendBatch(Array.from({ length: 5 }, (_, i) => ({ topic, value: `${i}` })))
    const sends = traces.named(`send ${topic}`).map(idOf)
    await using consumer = consumerOf()
    await consumer.assign([{ topic, partition: 0, offset: 'earliest' }])
    let inLoop: string | undefined
    for await (const batch of consumer.batches({ until: 'end' })) {
      inLoop = trace.getSpanContext(contextOf(batch))?.spanId
    }
    const [poll, turn] = [traces.one(`poll ${topic}`), traces.one(`process ${topic}`)]
    expect(inLoop).toBe(idOf(turn))
    await consumer.assign([])
    await consumer.assign([{ topic, partition: 0, offset: 'earliest' }])
    await consumer.run({
      eachBatch: () => {
        traces.tracer.startSpan('insert').end()
        consumer.stop()
      },
    })
    const [, handled] = traces.named(`process ${topic}`)
    expect(parentOf(traces.one('insert'))).toBe(idOf(handled!))
    for (const span of [poll, turn, handled!]) {
      expect(linksOf(span)).toEqual(sends.slice(0, 3))
      expect(span.attributes['messaging.batch.message_count']).toBe(5)
      expect(span.parentSpanContext).toBeUndefined()
    }
    expect(poll.kind).toBe(SpanKind.CLIENT)
    expect(poll.attributes['messaging.operation.type']).toBe('receive')
  })

  test('a turn of a loop is a span, which ends as the loop goes on or is left', async () => {
    using traces = new Traces()
    const topic = await topicOf('turns')
    await using producer = producerOf()
    const values = ['a', 'b', 'c']
    await producer.sendBatch(values.map(value => ({ topic, value })))
    const sends = traces.named(`send ${topic}`)
    await using consumer = consumerOf()
    await consumer.assign([{ topic, partition: 0, offset: 'earliest' }])
    const inside: (string | undefined)[] = []
    for await (const message of consumer) {
      await context.with(contextOf(message), async () => {
        inside.push(trace.getActiveSpan()?.spanContext().spanId)
      })
      if (message.offset === 1) break
    }
    const turns = traces.named(`process ${topic}`)
    expect(turns.map(idOf)).toEqual(inside)
    expect(turns.map(parentOf)).toEqual(sends.slice(0, 2).map(idOf))
    const notes = turns.map(({ events }) => events.map(({ name }) => name))
    expect(notes).toEqual([[], ['left']])
  })

  test('a handler that fails has its error on its span, at each try', async () => {
    using traces = new Traces()
    const topic = await topicOf('failing')
    await using producer = producerOf()
    await producer.send({ topic, value: 'x' })
    await using consumer = consumerOf()
    await consumer.subscribe([topic])
    const dead: string[] = []
    await consumer.run({
      eachMessage: () => {
        throw new TypeError('no such account')
      },
      onFailure: {
        attempts: 2,
        backoffMs: 1,
        deadLetter: message => {
          dead.push(String(message.value))
          consumer.stop()
        },
      },
    })
    expect(dead).toEqual(['x'])
    const tries = traces.named(`process ${topic}`)
    expect(tries).toHaveLength(2)
    expect(tries.map(({ attributes }) => attributes['posthaste.attempt'])).toEqual([undefined, 2])
    for (const { status, attributes, events } of tries) {
      expect(status).toEqual({ code: SpanStatusCode.ERROR, message: 'no such account' })
      expect(attributes['error.type']).toBe('TypeError')
      expect(events.map(({ name }) => name)).toEqual(['exception'])
    }
  })

  test('a failed delivery has its error on the spans, and is told to whom it was told', async () => {
    using traces = new Traces()
    const topic = freshName('no-such-topic')
    const clock = new ShiftableClock(systemClock)
    const settings = { logger: silentLogger, 'allow.auto.create.topics': false, 'linger.ms': 0 }
    const producer = new Producer({ ...servers(), 'client.id': topic, ...settings }, {}, { clock })
    const heard: string[] = []
    producer.on('error', error => heard.push(error.message))
    const told = metadataOf(topic)
    producer.produce({ topic, value: 'nobody waits' })
    const sent = producer.send({ topic, value: 'x' })
    const refused = expect(sent).rejects.toThrow(/not delivered/)
    // Given up when the broker has said that there is none, however long it takes to say so.
    await told
    await clock.advance(130_000)
    await refused
    expect(heard).toHaveLength(1)
    expect(() => producer.produce({ topic, value: 'x'.repeat(2_000_000) })).toThrow(/max.request/)
    await producer.close()
    const [first, second, third] = await traces.ended(`send ${topic}`, 3)
    for (const span of [first!, second!]) {
      expect(span.status.code).toBe(SpanStatusCode.ERROR)
      expect(span.attributes['error.type']).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    }
    expect(third!.attributes['error.type']).toBe('MESSAGE_TOO_LARGE')
    expect(producer.metrics().recordsFailed).toBe(2)
  })

  test('a transaction is a span over its records and offsets; an abort is told', async () => {
    using traces = new Traces()
    const topic = await topicOf('transactions')
    await using producer = producerOf({ 'transactional.id': topic })
    await producer.transaction(tx => void tx.produce({ topic, value: 'kept' }))
    const committed = traces.one('transaction')
    expect(parentOf(traces.one(`send ${topic}`))).toBe(idOf(committed))
    // A leader that does not know the transaction's coordinator yet asks for another try.
    expect(parentOf(traces.named(`publish ${topic}`).at(-1)!)).toBe(idOf(committed))
    expect(committed.attributes).toMatchObject({
      'posthaste.transactional.id': topic,
      'posthaste.transaction.outcome': 'committed',
    })
    // Step by step, in a span of the program's own: what it has between is the parent then.
    const outer = traces.tracer.startSpan('request')
    await context.with(trace.setSpan(context.active(), outer), async () => {
      producer.beginTransaction()
      await producer.send({ topic, value: 'a' })
      const inner = traces.tracer.startSpan('step')
      await context.with(trace.setSpan(context.active(), inner), () =>
        producer.send({ topic, value: 'b' }),
      )
      inner.end()
      await producer.abortTransaction()
    })
    const aborted = traces.named('transaction')[1]!
    const [, a, b] = traces.named(`send ${topic}`)
    expect(parentOf(aborted)).toBe(outer.spanContext().spanId)
    expect(parentOf(a!)).toBe(idOf(aborted))
    expect(parentOf(b!)).toBe(idOf(traces.one('step')))
    expect(linksOf(b!)).toEqual([idOf(aborted)])
    expect(aborted.attributes['posthaste.transaction.outcome']).toBe('aborted')
    expect(aborted.status.code).toBe(SpanStatusCode.UNSET)
    const failing = producer.transaction(() => {
      throw new Error('out of stock')
    })
    await expect(failing).rejects.toThrow('out of stock')
    expect(traces.named('transaction')[2]!.events.map(({ name }) => name)).toEqual(['aborted'])
  })

  test('what is read, made of it and written is one trace', async () => {
    using traces = new Traces()
    const [source, target] = [await topicOf('in'), await topicOf('out')]
    await using shop = producerOf()
    await shop.send({ topic: source, value: 'order' })
    await using producer = producerOf({ 'transactional.id': target })
    await using consumer = consumerOf()
    await consumer.subscribe([source])
    await readProcessWrite(consumer, producer, {
      eachBatch: (batch, tx) => {
        for (const { value } of batch) tx.produce({ topic: target, value })
        consumer.stop()
      },
    })
    const turn = traces.one(`process ${source}`)
    const transaction = traces.one('transaction')
    expect(linksOf(turn)).toEqual([idOf(traces.one(`send ${source}`))])
    expect(parentOf(transaction)).toBe(idOf(turn))
    expect(parentOf(traces.one(`send ${target}`))).toBe(idOf(transaction))
    expect(parentOf(traces.one(`commit ${source}`))).toBe(idOf(transaction))
  })

  test('without spans of records the context is carried all the same', async () => {
    using traces = new Traces({ recordSpans: false })
    const topic = await topicOf('carried')
    await using producer = producerOf()
    const outer = traces.tracer.startSpan('request')
    await context.with(trace.setSpan(context.active(), outer), () =>
      producer.send({ topic, value: 'v' }),
    )
    expect(traces.names()).toBe('')
    await using consumer = consumerOf()
    await consumer.assign([{ topic, partition: 0, offset: 'earliest' }])
    for await (const message of consumer.messages({ until: 'end' })) {
      expect(trace.getSpanContext(contextOf(message))).toMatchObject({
        traceId: outer.spanContext().traceId,
      })
    }
    expect(parentOf(traces.one(`process ${topic}`))).toBe(outer.spanContext().spanId)
  })
})

const operations = ['produce', 'publish', 'transaction', 'process', 'receive', 'commit'] as const
const listening = () => operations.filter(name => tapOperation(name).hasSubscribers)

const offsetOf = ({ attributes }: { attributes: object }) =>
  Number(new Map(Object.entries(attributes)).get('messaging.kafka.offset'))

onBothClusters('without instrumentation', cluster => {
  test('records have no headers, and nobody listens', async () => {
    const topic = freshName('bare')
    await createTopic(cluster().bootstrapServers, topic, 1)
    const servers = { 'bootstrap.servers': cluster().bootstrapServers }
    await using producer = new Producer(servers)
    {
      using traces = new Traces()
      expect(listening()).toEqual(operations)
      expect(traces.names()).toBe('')
    }
    expect(listening()).toEqual([])
    await producer.send({ topic, value: 'v' })
    await using consumer = new Consumer(servers)
    await consumer.assign([{ topic, partition: 0, offset: 'earliest' }])
    for await (const message of consumer.messages({ until: 'end' })) {
      expect(message.headers).toEqual([])
      const remote = trace.getSpanContext(contextOf(message))
      expect(remote?.traceFlags ?? TraceFlags.NONE).toBe(TraceFlags.NONE)
    }
  })
})
