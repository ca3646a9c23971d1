import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { Consumer, type ConsumerOptions, KafkaError, Producer } from '../../src/index.ts'
import {
  avroDeserializer,
  avroSerializer,
  EmbeddedRegistry,
  SchemaRegistryClient,
} from '../../src/registry/index.ts'
import { freePorts } from '../support/ports.ts'

const order = {
  type: 'record',
  name: 'Order',
  fields: [{ name: 'id', type: 'string' }],
} as const

const bad = {
  'a wrong magic byte': Buffer.from('plain text'),
  'an unknown id': Buffer.from('00000003e70261', 'hex'),
  'a truncated id': Buffer.from('0000', 'hex'),
  'a truncated value': Buffer.from('00000000010861', 'hex'),
}
const codes = [
  'UNKNOWN_MAGIC_BYTE',
  'SCHEMA_NOT_FOUND',
  'TRUNCATED_PAYLOAD',
  'DESERIALIZATION_FAILED',
]
const from = { topic: 'orders', partition: 0, offset: 'earliest' } as const

/** The first error of ours in a chain: a consumer's own tells where, its cause what. */
function rootOf(error: unknown): KafkaError | undefined {
  if (!(error instanceof Error)) return undefined
  return rootOf(error.cause) ?? (error instanceof KafkaError ? error : undefined)
}

describe('a consumer of records that cannot be read', () => {
  let cluster: EmbeddedCluster
  let registry: EmbeddedRegistry
  let client: SchemaRegistryClient

  beforeAll(async () => {
    // It is stopped and started again: a port of the system's choice might go to another meanwhile.
    const [port = 0] = await freePorts(1)
    ;[cluster, registry] = await Promise.all([
      EmbeddedCluster.start(),
      EmbeddedRegistry.start({ port }),
    ])
    client = new SchemaRegistryClient({ 'schema.registry.url': registry.url, retries: 0 })
    const config = { 'bootstrap.servers': cluster.bootstrapServers }
    const value = avroSerializer(client, order, { autoRegisterSchemas: true })
    await using good = new Producer(config, { value })
    await using plain = new Producer(config)
    await good.send({ topic: 'orders', value: { id: 'first' } })
    for (const each of Object.values(bad)) await plain.send({ topic: 'orders', value: each })
    await good.send({ topic: 'orders', value: { id: 'last' } })
  })
  afterAll(async () => {
    client?.close()
    await Promise.all([cluster?.stop(), registry?.stop()])
  })

  const consumerOf = (options: ConsumerOptions, registry = client) =>
    new Consumer(
      { 'bootstrap.servers': cluster.bootstrapServers, ...options },
      { value: avroDeserializer<{ id: string }>(registry) },
    )

  test('goes on behind each by its policy, which is told what, where and which schema', async () => {
    const told: KafkaError[] = []
    await using consumer = consumerOf({
      'on.bad.record': error => {
        told.push(error)
        return 'skip'
      },
    })
    await consumer.assign([from])
    const read: unknown[] = []
    for await (const message of consumer.messages({ until: 'end' })) read.push(message.value?.id)
    expect(read).toEqual(['first', 'last'])
    expect(told.map(error => rootOf(error)?.code)).toEqual(codes)
    for (const error of told) expect(error.message).toContain('orders')
    expect(rootOf(told[1])?.message).toContain(`${registry.url}/schemas/ids/999`)
    expect(rootOf(told[3])?.message).toContain(`schema id 1 at ${registry.url}`)
  })

  test('does so in handlers, too', async () => {
    await using consumer = consumerOf({ 'on.bad.record': 'skip' })
    await consumer.assign([from])
    const read: unknown[] = []
    await consumer.run({
      eachMessage: ({ value }) => {
        read.push(value?.id)
        if (value?.id === 'last') consumer.stop()
      },
    })
    expect(read).toEqual(['first', 'last'])
  })

  test('ends with the error where it is told to throw, and keeps its position', async () => {
    await using consumer = consumerOf({ 'on.bad.record': 'throw' })
    await consumer.assign([from])
    const loop = async () => {
      for await (const _ of consumer.messages({ until: 'end' }));
    }
    const error: unknown = await loop().catch(reason => reason)
    expect(rootOf(error)?.code).toBe('UNKNOWN_MAGIC_BYTE')
    expect(consumer.position()).toMatchObject([{ offset: 1 }])
  })

  test('tells a registry that is down as something that may pass, and reads on once it is back', async () => {
    const port = Number(new URL(registry.url).port)
    await registry.stop()
    using away = new SchemaRegistryClient({ 'schema.registry.url': registry.url, retries: 0 })
    await using consumer = consumerOf({}, away)
    await consumer.assign([from])
    const first = async () => {
      for await (const message of consumer.messages({ until: 'end' })) return message.value
      return undefined
    }
    const error: unknown = await first().catch(reason => reason)
    expect(rootOf(error)).toMatchObject({ code: 'REGISTRY_UNREACHABLE', retriable: true })
    registry = await EmbeddedRegistry.start({ port })
    using back = new SchemaRegistryClient({ 'schema.registry.url': registry.url })
    await back.register('orders-value', { schema: JSON.stringify(order) })
    expect(await first()).toEqual({ id: 'first' })
  })
})
