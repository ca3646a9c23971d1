/** Ours, with values in Avro. `POSTHASTE` names the folder of the modules to measure. */
import { measureAvro, orders, registryUrl, schema } from './avro.js'
import { work } from './work.js'

const ours = process.env.POSTHASTE
const { Producer } = await import(`${ours}/index.js`)
const { avroSerializer, SchemaRegistryClient } = await import(`${ours}/registry/index.js`)
const { topic } = work

const registry = new SchemaRegistryClient({ 'schema.registry.url': registryUrl })
const value = avroSerializer(registry, schema, { autoRegisterSchemas: true })
await value.prepare(topic)
const producer = new Producer(
  { 'bootstrap.servers': work.bootstrap, 'batch.size': 131_072, 'linger.ms': 10 },
  { value },
)

async function produce(messages) {
  const before = producer.metrics().recordsDelivered
  for (let i = 0; i < messages; i++) {
    const order = orders[i % orders.length]
    const record = { topic, key: order.key, value: order.value }
    if (!producer.produce(record)) await producer.drain()
  }
  await producer.flush()
  return producer.metrics().recordsDelivered - before
}

const context = { topic, field: 'value', headers: [] }
await measureAvro(i => value.serialize(orders[i % orders.length].value, context), produce)
await producer.close()
registry.close()
