import { create, type Message } from '@bufbuild/protobuf'
import { fileDesc, type GenMessage, messageDesc } from '@bufbuild/protobuf/codegenv2'
import { file_google_protobuf_timestamp, timestampFromMs } from '@bufbuild/protobuf/wkt'
import { afterAll, beforeAll, expect, expectTypeOf, test } from 'vitest'
import {
  protobufDeserializer,
  protobufSerializer,
  SchemaRegistryClient,
} from '../../src/registry/index.ts'
import { EmbeddedRegistry } from '../../src/registry/server/index.ts'
import { pythonWithRegistry } from '../python/registry-venv.ts'
import { describeWithPython } from '../python/venv.ts'
import { PythonSerdes } from './python-serdes.ts'

const files = {
  'shop/money.proto': 'syntax = "proto3"; package shop.common; message Money { int64 units = 1; }',
  'shop/order.proto': `syntax = "proto3"; package shop.v1;
    import "shop/money.proto"; import "google/protobuf/timestamp.proto";
    message First { string unused = 1; }
    message Order {
      string id = 1; map<string, shop.common.Money> totals = 2; google.protobuf.Timestamp at = 3;
      oneof by { string card = 4; Cash cash = 5; } message Cash { double amount = 1; }
    }`,
}

/** The types that protoc-gen-es writes for the message. */
type Order = Message<'shop.v1.Order'> & {
  id: string
  totals: { [key: string]: Message & { units: bigint } }
  at?: Message & { seconds: bigint; nanos: number }
  by:
    | { case: 'card'; value: string }
    | { case: 'cash'; value: Message & { amount: number } }
    | { case: undefined; value?: undefined }
}

describeWithPython('messages of generated code', () => {
  let registry: EmbeddedRegistry
  let client: SchemaRegistryClient
  let python: PythonSerdes
  beforeAll(async () => {
    await pythonWithRegistry()
    python = await PythonSerdes.start()
    registry = await EmbeddedRegistry.start()
    client = new SchemaRegistryClient({ 'schema.registry.url': registry.url })
  }, 300_000)
  afterAll(async () => {
    client?.close()
    await Promise.all([python?.stop(), registry?.stop()])
  })

  /** What generated code does when it is loaded: a descriptor of protoc's, and a message of it. */
  async function generated(): Promise<GenMessage<Order>> {
    const descriptor = async (main: string) => {
      const hex = await python.call({ op: 'descriptor', files, main })
      return Buffer.from(String(hex), 'hex').toString('base64')
    }
    const money = fileDesc(await descriptor('shop/money.proto'))
    const imports = [money, file_google_protobuf_timestamp]
    return messageDesc(fileDesc(await descriptor('shop/order.proto'), imports), 1)
  }

  const context = { topic: 'orders', field: 'value' as const, headers: [] }
  const request = () => ({
    url: registry.url,
    topic: 'orders',
    format: 'PROTOBUF',
    files,
    main: 'shop/order.proto',
    message: 'shop.v1.Order',
  })
  const value = {
    id: 'a',
    totals: { net: { units: 5n } },
    at: timestampFromMs(1_000),
    by: { case: 'cash', value: { amount: 2.5 } },
  } as const
  const json = {
    id: 'a',
    totals: { net: { units: '5' } },
    at: '1970-01-01T00:00:01Z',
    cash: { amount: 2.5 },
  }

  test('are registered with what they import, and read by others', async () => {
    const OrderSchema = await generated()
    const serializer = protobufSerializer(client, OrderSchema, { autoRegisterSchemas: true })
    await serializer.prepare('orders')
    const bytes = serializer.serialize(value, context)
    const again = serializer.serialize(create(OrderSchema, value), context)
    expect(again).toEqual(bytes)
    const { references } = await client.latest('orders-value')
    expect(references).toEqual([
      { name: 'shop/money.proto', subject: 'shop/money.proto', version: 1 },
    ])
    const hex = Buffer.isBuffer(bytes) ? bytes.toString('hex') : ''
    // Order is the second message of its file: one index, which is 1.
    expect(hex.slice(10, 14)).toBe('0202')
    expect(await python.read({ ...request(), bytes: hex, headers: [] })).toEqual(json)
  })

  test('are what a deserializer gives, with their type', async () => {
    const OrderSchema = await generated()
    const wire = await python.write({ ...request(), header: false, value: json })
    const deserializer = protobufDeserializer(client, OrderSchema)
    const order = await deserializer.deserialize(Buffer.from(wire.bytes ?? '', 'hex'), context)
    expectTypeOf(order).toEqualTypeOf<Order>()
    expect(order).toEqual(create(OrderSchema, value))
  })

  test('are not taken for another message of the topic', async () => {
    const OrderSchema = await generated()
    const first = protobufSerializer<unknown>(client, undefined, {
      useLatestVersion: true,
      message: 'shop.v1.First',
    })
    const bytes = await first.serialize({ unused: 'x' }, context)
    const deserializer = protobufDeserializer(client, OrderSchema)
    const read = Promise.resolve(deserializer.deserialize(bytes ?? Buffer.alloc(0), context))
    await expect(read).rejects.toThrow(
      'it is a message shop.v1.First, and shop.v1.Order is to be read',
    )
  })
})
