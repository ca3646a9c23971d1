/**
 * Where did the time go? A request, the record that it sends and what a consumer does with that
 * are one trace, although the two programs share nothing but a header of the record.
 *
 *     npx tsx examples/opentelemetry.ts
 */
import { trace } from '@opentelemetry/api'
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node'
import { EmbeddedCluster } from '../src/broker/index.ts'
import { Consumer, Producer } from '../src/index.ts'
import { instrument } from '../src/opentelemetry/index.ts'

export async function main(print: (line: string) => void): Promise<void> {
  // As a rule an exporter sends spans to a collector; here they are kept, to be shown.
  const exporter = new InMemorySpanExporter()
  new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register()
  const stop = instrument()

  await using cluster = await EmbeddedCluster.start()
  const servers = { 'bootstrap.servers': cluster.bootstrapServers }
  await using producer = new Producer(servers)
  await using consumer = new Consumer({
    ...servers,
    'group.id': 'billing',
    'auto.offset.reset': 'earliest',
    'enable.auto.commit': false,
  })
  const tracer = trace.getTracer('shop')

  await tracer.startActiveSpan('POST /orders', async request => {
    await producer.send({ topic: 'orders', key: 'order-1', value: 'a book' })
    request.end()
  })
  await consumer.subscribe(['orders'])
  await consumer.run({
    eachMessage: async message => {
      tracer.startActiveSpan('INSERT INTO bills', query => query.end())
      await consumer.commit(message)
      consumer.stop()
    },
  })
  stop()

  // They came in the order in which they ended: what is within another, before that.
  const spans = exporter.getFinishedSpans()
  const names = new Map(spans.map(span => [span.spanContext().spanId, span.name]))
  for (const { name, parentSpanContext } of spans) {
    const within = names.get(parentSpanContext?.spanId ?? '')
    print(within ? `${name}, within ${within}` : name)
  }
  const traces = new Set(spans.map(span => span.spanContext().traceId))
  print(`${spans.length} spans, ${traces.size} trace`)
}

if (process.argv[1] === import.meta.filename) await main(console.log)
