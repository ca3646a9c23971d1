import { Consumer, Producer } from '../../index.ts'
import {
  avroDeserializer,
  avroSerializer,
  EmbeddedRegistry,
  RegistryError,
  type RegistrySerializer,
  SchemaRegistryClient,
} from '../../registry/index.ts'
import type { Check } from './checks.ts'
import type { Order } from './orders.ts'

const first = {
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'user', type: 'string' },
    { name: 'amount', type: 'double' },
  ],
} as const

/** Who knows this version reads orders from before: the default stands in. */
const compatible = {
  ...first,
  fields: [...first.fields, { name: 'currency', type: 'string', default: 'EUR' }],
} as const

/** Nothing could stand in for this field when an order from before is read. */
const breaking = {
  ...compatible,
  fields: [...compatible.fields, { name: 'customer', type: 'string' }],
} as const

/** So many orders are sent by each version. */
const ORDERS = 50

/** What became of the order's schema, and of the orders that were sent by its versions. */
export interface Evolution {
  readonly subject: string
  /** The orders that each version sent, by its number. */
  readonly sent: readonly number[]
  /** Why the third version was refused: the reasons of the registry. */
  readonly reasons: readonly string[]
  readonly checks: readonly Check[]
}

interface Places {
  /** A topic of one partition, with nothing in it. */
  readonly topic: string
  readonly producing: Readonly<Record<string, unknown>>
  readonly consuming: Readonly<Record<string, unknown>>
}

/** Sends orders by a schema, by a compatible next version, and tries one that breaks readers. */
export async function evolve(orders: readonly Order[], places: Places): Promise<Evolution> {
  await using embedded = await EmbeddedRegistry.start()
  using registry = new SchemaRegistryClient({ 'schema.registry.url': embedded.url })
  const { topic } = places
  const old = orders.slice(0, ORDERS).map(({ id, user, amount }) => ({ id, user, amount }))
  const next = orders
    .slice(ORDERS, 2 * ORDERS)
    .map(({ id, user, amount }) => ({ id, user, amount, currency: 'CHF' }))
  const register = { autoRegisterSchemas: true }
  const sent = [
    await sendAll(old, avroSerializer(registry, first, register), places),
    await sendAll(next, avroSerializer(registry, compatible, register), places),
  ]
  const reasons = await refusalOf(() =>
    sendAll(
      next.map(order => ({ ...order, customer: order.user })),
      avroSerializer(registry, breaking, register),
      places,
    ),
  )
  const read = await readAll(registry, places)
  const versions = await registry.versions(`${topic}-value`)
  const wanted = [...old.map(order => ({ ...order, currency: 'EUR' })), ...next]
  const checks = [
    {
      claim: `version 2 reads the ${old.length} orders of version 1, with its default`,
      holds: JSON.stringify(read.slice(0, wanted.length)) === JSON.stringify(wanted),
    },
    {
      claim: 'version 3 was refused, and not one record was sent by it',
      holds: reasons.length > 0 && versions.length === 2 && read.length === wanted.length,
    },
  ]
  return { subject: `${topic}-value`, sent, reasons, checks }
}

/** Asks for the schema before the first record is made: what is refused has sent nothing. */
async function sendAll<T>(
  orders: readonly T[],
  value: RegistrySerializer<T>,
  { topic, producing }: Places,
): Promise<number> {
  await value.prepare(topic)
  await using producer = new Producer(producing, { value })
  for (const order of orders) producer.produce({ topic, value: order })
  await producer.flush()
  return producer.metrics().recordsDelivered
}

async function refusalOf(send: () => Promise<unknown>): Promise<readonly string[]> {
  try {
    await send()
    return []
  } catch (error) {
    if (error instanceof RegistryError) return error.incompatibilities
    throw error
  }
}

async function readAll(
  registry: SchemaRegistryClient,
  { topic, consuming }: Places,
): Promise<unknown[]> {
  const value = avroDeserializer(registry, { readerSchema: compatible })
  await using consumer = new Consumer(consuming, { value })
  await consumer.assign([{ topic, partition: 0, offset: 'earliest' }])
  const read = []
  for await (const message of consumer.messages({ until: 'end' })) read.push(message.value)
  return read
}
