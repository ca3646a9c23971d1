/**
 * An order schema evolves: a change that old readers can take is registered with the first record
 * that needs it; one that would break them is refused before any record is sent.
 *
 *     npx tsx examples/schema-registry.ts
 */
import { EmbeddedCluster } from '../src/broker/index.ts'
import { Producer } from '../src/index.ts'
import {
  avroDeserializer,
  avroSerializer,
  EmbeddedRegistry,
  RegistryError,
  SchemaRegistryClient,
} from '../src/registry/index.ts'

const first = {
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'amount', type: 'double' },
  ],
} as const

/** A new field with a default: who reads with this schema can still read the orders from before. */
const compatible = {
  ...first,
  fields: [...first.fields, { name: 'currency', type: 'string', default: 'EUR' }],
} as const

/** A new field without one: nothing could stand in its place when an old order is read. */
const breaking = {
  ...first,
  fields: [...first.fields, { name: 'customer', type: 'string' }],
} as const

export async function main(print: (line: string) => void): Promise<void> {
  await using cluster = await EmbeddedCluster.start()
  const embedded = await EmbeddedRegistry.start()
  using registry = new SchemaRegistryClient({ 'schema.registry.url': embedded.url })
  const options = { autoRegisterSchemas: true }
  const config = { 'bootstrap.servers': cluster.bootstrapServers }
  try {
    const before = new Producer(config, { value: avroSerializer(registry, first, options) })
    const one = await before.send({ topic: 'orders', value: { id: '1', amount: 12.5 } })
    print(`version 1: an order at offset ${one.offset}`)
    await before.close()

    const after = new Producer(config, { value: avroSerializer(registry, compatible, options) })
    const two = await after.send({
      topic: 'orders',
      value: { id: '2', amount: 3, currency: 'CHF' },
    })
    print(`version 2: an order at offset ${two.offset}`)
    await after.close()

    const wrong = new Producer(config, { value: avroSerializer(registry, breaking, options) })
    const order = { id: '3', amount: 1, customer: 'c-7' }
    await wrong.send({ topic: 'orders', value: order }).catch((error: unknown) => {
      const refusal = causes(error).find(each => each instanceof RegistryError)
      print(`refused: ${refusal?.message ?? String(error)}`)
    })
    await wrong.close()

    print(`versions of orders-value: ${(await registry.versions('orders-value')).join(', ')}`)
    const old = await avroSerializer(registry, first).serialize({ id: '1', amount: 12.5 }, context)
    const reader = avroDeserializer(registry, { readerSchema: compatible })
    print(`an old order read today: ${JSON.stringify(await reader.deserialize(old!, context))}`)
  } finally {
    await embedded.stop()
  }
}

const context = { topic: 'orders', field: 'value' as const, headers: [] }

/** An error with all that caused it. */
function causes(error: unknown): unknown[] {
  return error instanceof Error ? [error, ...causes(error.cause)] : []
}

if (process.argv[1] === import.meta.filename) await main(console.log)
