/** @platformatic/kafka with values in Avro: as platformatic.js, with its registry's serializers. */
import { ConfluentSchemaRegistry, Producer } from '@platformatic/kafka'
import { measureAvro, orders, registryUrl, schema, subject } from './avro.js'
import { inParallel, work } from './work.js'

const { topic } = work
const SIZE = 5_000

// It does not register; it takes the id with each message.
const answer = await fetch(`${registryUrl}/subjects/${subject}/versions`, {
  method: 'POST',
  headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
  body: JSON.stringify({ schema: JSON.stringify(schema) }),
})
const { id } = await answer.json()
const metadata = { schemas: { value: id } }

const registry = new ConfluentSchemaRegistry({ url: registryUrl })
await new Promise((resolve, reject) => {
  registry.fetchSchema(id, error => (error ? reject(error) : resolve()))
})
const producer = new Producer({
  clientId: 'bench',
  bootstrapBrokers: work.bootstrap.split(','),
  maxInflights: 5,
  registry,
})

const messageAt = i => {
  const { key, value } = orders[i % orders.length]
  return { topic, key, value, metadata }
}

const send = (from, to) => {
  const messages = []
  for (let i = from; i < to; i++) messages.push(messageAt(i))
  return producer.send({ messages, acks: -1, compression: 'none', idempotent: false })
}

const { value: serialize } = registry.getSerializers()
await measureAvro(
  i => {
    const message = messageAt(i)
    return serialize(message.value, undefined, message)
  },
  messages => inParallel(messages, SIZE, 5 * SIZE, send),
)
await producer.close()
