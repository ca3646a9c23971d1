import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Consumer, Producer } from '../../src/index.ts'
import { GetTelemetrySubscriptions } from '../../src/protocol/index.ts'
import { telemetryNames } from '../../src/telemetry/measures.ts'
import { ZERO_UUID } from '../../src/wire/uuid.ts'
import { RawClient } from '../broker/raw-client.ts'
import { type KafkaCluster, startKafka } from '../kafka/cluster.ts'
import { kafkaClasspath } from '../kafka/jars.ts'
import { cached, root } from '../support/cache.ts'
import { describeWithKafka, freshName } from '../support/kafka.ts'
import { runOrThrow } from '../support/run.ts'
import { waitFor } from '../support/wait.ts'

// What it waits for comes by the second, from programs that take many to start.
const SLOW = { timeout: 240_000 }
const wait = { limitMs: 200_000 }

/** A push as Kafka's own classes read it (test/java-telemetry/TelemetryReceiver.java). */
interface Push {
  readonly clientId: string
  readonly terminating: boolean
  readonly contentType: string
  readonly scope: string
  readonly resource: Readonly<Record<string, string>>
  readonly metrics: readonly {
    readonly name: string
    readonly kind: string
    readonly delta: boolean
    readonly value: number
    readonly attributes: Readonly<Record<string, string>>
  }[]
}

describeWithKafka('client telemetry on real Kafka', () => {
  const topic = freshName('pushed')
  const file = join(tmpdir(), `${freshName('posthaste-telemetry')}.jsonl`)
  let kafka: KafkaCluster
  beforeAll(async () => {
    const config = { 'metric.reporters': 'TelemetryReceiver', 'telemetry.file': file }
    kafka = await startKafka({ plugins: await receiver(), config })
    const wanted = ['--metrics', '*', '--interval', '1000']
    const subscribe = ['--alter', '--generate-name', ...wanted]
    const outcome = await kafka.tool('org.apache.kafka.tools.ClientMetricsCommand', subscribe)
    expect(outcome.stderr + outcome.stdout).toContain('Altered')
    expect(outcome.code).toBe(0)
    // The controller has it; a client that asks before the broker has would next ask in 5 minutes.
    const [host = '', port] = kafka.bootstrapServers.split(':')
    using client = await RawClient.open({ host, port: Number(port) })
    await waitFor('the subscription', async () => {
      const ask = { clientInstanceId: ZERO_UUID }
      const { requestedMetrics } = await client.call(GetTelemetrySubscriptions, 0, ask)
      return requestedMetrics.length > 0
    })
  })
  afterAll(async () => {
    await kafka?.stop()
    await rm(file, { force: true })
  })

  const servers = () => ({ 'bootstrap.servers': kafka.bootstrapServers })
  const pushed = async (clientId: string): Promise<Push[]> => {
    const text = await readFile(file, 'utf8').catch(() => '')
    // Java writes 8 KiB at a time: the last line may not be there to its end.
    const lines = text.split('\n').slice(0, -1)
    return lines.map((line): Push => JSON.parse(line)).filter(push => push.clientId === clientId)
  }

  test("a producer's metrics come as Kafka reads them, and those of its end", SLOW, async () => {
    const clientId = freshName('producer')
    const producer = new Producer({
      ...servers(),
      'client.id': clientId,
      'transactional.id': topic,
      'compression.type': 'lz4',
    })
    await producer.transaction(tx => tx.send({ topic, value: 'v' }))
    await waitFor('two pushes', async () => (await pushed(clientId)).length >= 2, wait)
    await producer.close()
    await waitFor('the last push', async () => (await pushed(clientId)).at(-1)?.terminating, wait)
    const pushes = await pushed(clientId)
    const { resource, scope, contentType, metrics } = pushes[0]!
    expect({ resource, scope, contentType }).toEqual({
      resource: { transactional_id: topic },
      scope: 'posthaste',
      contentType: 'OTLP',
    })
    expect(pushes.map(({ terminating }) => terminating)).toEqual([
      ...pushes.slice(1).map(() => false),
      true,
    ])
    const made = metrics.find(({ name }) => name.endsWith('connection.creation.total'))
    expect(made).toMatchObject({ kind: 'sum', delta: true })
    expect(made?.value).toBeGreaterThan(0)
  })

  test("our metrics have the names and kinds of Java's", SLOW, async () => {
    const ours = { producer: freshName('producer'), consumer: freshName('consumer') }
    const java = { producer: freshName('java-producer'), consumer: freshName('java-consumer') }
    // Both go on until they are called off: when they push is their own affair.
    const over = new AbortController()
    const { signal } = over
    const perform = [
      ...['--topic', topic, '--num-records', '1000000', '--record-size', '10'],
      ...['--throughput', '100', '--producer-props', `client.id=${java.producer}`],
      `bootstrap.servers=${kafka.bootstrapServers}`,
    ]
    const consume = ['--topic', topic, '--command-property', `client.id=${java.consumer}`]
    const tools = Promise.allSettled([
      kafka.tool('ProducerPerformance', perform, { signal }),
      kafka.tool('ConsoleConsumer', consume, { signal }),
    ])
    const group = { 'group.id': topic, 'auto.offset.reset': 'earliest' } as const
    const more = { 'client.id': ours.consumer, 'auto.commit.interval.ms': 200 }
    await using producer = new Producer({ ...servers(), 'client.id': ours.producer })
    await using consumer = new Consumer({ ...servers(), ...group, ...more })
    await consumer.subscribe([topic])
    const running = consumer.run({ eachMessage: () => {} })
    const hasAll = async (side: 'producer' | 'consumer') => {
      const own = kindsOf(await pushed(ours[side]))
      const theirs = await pushed(java[side])
      const told = kindsOf(theirs)
      return (
        telemetryNames(side).every(name => own.has(name) && told.has(name)) &&
        nodesOf(theirs).includes('node-1')
      )
    }
    try {
      // What Java has to tell of its first second is not all that it will have to tell.
      const hasBoth = async () => {
        await producer.send({ topic, value: 'more' })
        return (await hasAll('producer')) && (await hasAll('consumer'))
      }
      await waitFor('every name from both', hasBoth, wait)
    } finally {
      over.abort()
      consumer.stop()
      await Promise.all([running, tools])
    }
    for (const side of ['producer', 'consumer'] as const) {
      const theirs = kindsOf(await pushed(java[side]))
      const own = kindsOf(await pushed(ours[side]))
      const inTheirs = [...own].map(([name]) => [name, theirs.get(name)])
      expect(inTheirs).toEqual([...own])
      expect(nodesOf(await pushed(java[side]))).toContain('node-1')
      expect(nodesOf(await pushed(ours[side]))).toEqual(['node-1'])
    }
  })
})

/** The kind of each metric that was pushed. */
function kindsOf(pushes: readonly Push[]): Map<string, string> {
  return new Map(pushes.flatMap(({ metrics }) => metrics.map(({ name, kind }) => [name, kind])))
}

/** The nodes of which latencies were told. */
function nodesOf(pushes: readonly Push[]): string[] {
  const points = pushes.flatMap(({ metrics }) => metrics)
  const latencies = points.filter(({ name }) => name.endsWith('node.request.latency.avg'))
  return [...new Set(latencies.map(({ attributes }) => attributes.node_id ?? ''))]
}

/** The folder of the receiver's classes; it is compiled once. */
async function receiver(): Promise<string> {
  const source = join(root, 'test', 'java-telemetry', 'TelemetryReceiver.java')
  const kafka = await kafkaClasspath()
  const hash = createHash('sha256')
    .update(kafka)
    .update(await readFile(source))
  return cached(`telemetry-${hash.digest('hex').slice(0, 12)}`, async folder => {
    await runOrThrow('javac', ['-d', folder, '-cp', kafka, source])
  })
}
