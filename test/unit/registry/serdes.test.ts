import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../../src/base/fake-clock.ts'
import { ConfigError, RegistryError, SerializationError } from '../../../src/errors.ts'
import { avroFormat } from '../../../src/registry/avro/format.ts'
import {
  avroDeserializer,
  avroSerializer,
  jsonSchemaDeserializer,
  jsonSchemaSerializer,
  protobufDeserializer,
  protobufSerializer,
  registryDeserializer,
  SchemaRegistryClient,
  schemaIdOf,
} from '../../../src/registry/index.ts'
import { RegistryDeserializer } from '../../../src/registry/serde/deserializer.ts'
import type { Format } from '../../../src/registry/serde/format.ts'
import { RegistrySerializer } from '../../../src/registry/serde/serializer.ts'
import { type Asked, type Reply, ScriptedRegistry } from './scripted-registry.ts'

const order = {
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  fields: [{ name: 'id', type: 'string' }],
} as const
const text = JSON.stringify(order)
const guid = '0f8fad5b-d9cb-469f-a165-70867728950e'

interface Entry {
  readonly id: number
  readonly schema: string
  readonly schemaType?: string
  readonly references?: readonly { name: string; subject: string; version: number }[]
}

/** What the registry holds, by subject; a version is an entry's place. */
let subjects: Record<string, Entry[]>
let registry: ScriptedRegistry
let client: SchemaRegistryClient

function answer({ method, path, body }: Asked): Reply {
  const parts = path.replace(/\?.*/, '').split('/').slice(1).map(decodeURIComponent)
  const all = Object.values(subjects).flat()
  const missing = { status: 404, json: { error_code: 40403, message: 'not found' } }
  if (parts[0] === 'schemas') {
    const entry = all.find(each => parts[1] === 'guids' || each.id === Number(parts[2]))
    return entry && (parts[1] === 'ids' || parts[2] === guid) ? { json: entry } : missing
  }
  const [, subject = '', , version] = parts
  const versions = subjects[subject] ?? []
  const numbered = (at: number) => {
    const entry = versions[at]
    return entry ? { json: { ...entry, subject, version: at + 1, guid } } : missing
  }
  if (method === 'GET')
    return numbered(version === 'latest' ? versions.length - 1 : Number(version) - 1)
  const { schema } = body as { schema: string }
  let at = versions.findIndex(each => each.schema === schema)
  if (at < 0 && version === undefined && parts[2] === 'versions') {
    const id = all.length + 100
    at = versions.push({ id, ...(body as { schema: string }) }) - 1
    subjects[subject] = versions
  }
  return numbered(at)
}

beforeAll(async () => {
  registry = await ScriptedRegistry.start(answer)
})
afterAll(() => registry[Symbol.asyncDispose]())
beforeEach(() => {
  subjects = { 'orders-value': [{ id: 7, schema: text }] }
  registry.asked.length = 0
  client = new SchemaRegistryClient({ 'schema.registry.url': registry.url, retries: 0 })
})

const headers = () => [] as { key: string; value: string | Uint8Array | null }[]
const writing = (topic = 'orders') => ({ topic, field: 'value' as const, headers: headers() })
const reading = (topic = 'orders') => ({ topic, field: 'value' as const, headers: [] })

async function failureOf<T extends Error>(
  kind: new (...given: never[]) => T,
  call: () => unknown,
): Promise<T> {
  const error: unknown = await Promise.resolve()
    .then(call)
    .then(
      () => new Error('it should have failed'),
      reason => reason,
    )
  if (error instanceof kind) return error
  throw error
}

describe('a serializer', () => {
  it('waits for the registry once, and answers at once from then on', async () => {
    const serializer = avroSerializer(client, order)
    const first = serializer.serialize({ id: 'a' }, writing())
    const second = serializer.serialize({ id: 'a' }, writing())
    expect(first).toBeInstanceOf(Promise)
    expect((await first)?.toString('hex')).toBe('00000000070261')
    expect((await second)?.toString('hex')).toBe('00000000070261')
    expect(serializer.serialize({ id: 'b' }, writing())).toEqual(
      Buffer.from('00000000070262', 'hex'),
    )
    expect(serializer.serialize(null as never, writing())).toBeNull()
    expect(registry.lines).toEqual(['POST /subjects/orders-value'])
  })

  it('is ready for produce() once it is prepared', async () => {
    const serializer = avroSerializer(client, order)
    await serializer.prepare('orders')
    expect(serializer.serialize({ id: 'a' }, writing())).toBeInstanceOf(Buffer)
  })

  it('compiles a schema once for all values, in both directions', async () => {
    const avro = avroFormat({})
    let compiled = 0
    const counting: Format = {
      ...avro,
      encoder: (...given) => {
        compiled++
        return avro.encoder(...given)
      },
      decoder: (...given) => {
        compiled++
        return avro.decoder(...given)
      },
    }
    const schema = { schema: text, schemaType: 'AVRO' } as const
    const serializer = new RegistrySerializer<unknown>(client, counting, schema, {})
    const deserializer = new RegistryDeserializer<unknown>(client, [counting], {})
    await serializer.prepare('orders')
    await deserializer.deserialize(serializer.serialize({ id: '' }, writing()) as Buffer, reading())
    const asked = registry.asked.length
    for (let i = 0; i < 1_000; i++) {
      const bytes = serializer.serialize({ id: String(i) }, writing()) as Buffer
      expect(deserializer.deserialize(bytes, reading())).toEqual({ id: String(i) })
    }
    expect(compiled).toBe(2)
    expect(registry.asked).toHaveLength(asked)
  })

  it('registers only when told to', async () => {
    const missing = avroSerializer(client, order)
    const error = await failureOf(RegistryError, () => missing.prepare('new'))
    expect(error.where.subject).toBe('new-value')
    const registering = avroSerializer(client, order, { 'auto.register.schemas': true })
    await registering.prepare('new')
    expect(subjects['new-value']).toHaveLength(1)
  })

  it('writes with the latest version, or with a given id', async () => {
    const later = { ...order, fields: [...order.fields, { name: 'n', type: 'int', default: 5 }] }
    subjects['orders-value']?.push({ id: 8, schema: JSON.stringify(later) })
    const latest = avroSerializer(client, undefined, { useLatestVersion: true })
    expect((await latest.serialize({ id: 'a' }, writing()))?.toString('hex')).toBe(
      '000000000802610a',
    )
    const given = avroSerializer(client, undefined, { useSchemaId: 7 })
    expect((await given.serialize({ id: 'a' }, writing('any')))?.toString('hex')).toBe(
      '00000000070261',
    )
  })

  it('goes on with the latest version it knows while the registry is asked again', async () => {
    const clock = new FakeClock()
    const parts = { clock }
    const config = { 'schema.registry.url': registry.url, 'latest.cache.ttl.ms': 1000 }
    const timed = new SchemaRegistryClient(config, parts)
    const options = { useLatestVersion: true }
    const serializer = new RegistrySerializer(timed, avroFormat({}), undefined, options, clock)
    await serializer.prepare('orders')
    const later = { ...order, fields: [...order.fields, { name: 'n', type: 'int', default: 5 }] }
    subjects['orders-value']?.push({ id: 8, schema: JSON.stringify(later) })
    await clock.advance(1000)
    const stale = serializer.serialize({ id: 'a' }, writing())
    expect(stale).toEqual(Buffer.from('00000000070261', 'hex'))
    await serializer.prepare('orders')
    expect(serializer.serialize({ id: 'a' }, writing())).toEqual(
      Buffer.from('000000000802610a', 'hex'),
    )
  })

  it('names its subject by strategy', async () => {
    const subjectOf = async (subjectNameStrategy: Parameters<typeof avroSerializer>[2]) => {
      subjects = {}
      const options = { autoRegisterSchemas: true, ...subjectNameStrategy }
      await avroSerializer(fresh(), order, options).prepare('orders')
      return Object.keys(subjects)[0]
    }
    const fresh = () => new SchemaRegistryClient({ 'schema.registry.url': registry.url })
    expect(await subjectOf({})).toBe('orders-value')
    expect(await subjectOf({ subjectNameStrategy: 'RecordNameStrategy' })).toBe('shop.Order')
    const both = { subjectNameStrategy: 'TopicRecordNameStrategy' } as const
    expect(await subjectOf(both)).toBe('orders-shop.Order')
    const own = { subjectNameStrategy: ({ topic }: { topic: string }) => `my-${topic}` }
    expect(await subjectOf(own)).toBe('my-orders')
    const nameless = jsonSchemaSerializer(client, {}, { subjectNameStrategy: 'RecordNameStrategy' })
    const error = await failureOf(SerializationError, () => nameless.prepare('orders'))
    expect(error.message).toContain('has no record name')
  })

  it('puts the id into a header, and reads it there', async () => {
    const serializer = avroSerializer(client, order, { schemaIdLocation: 'header' })
    const context = writing()
    const bytes = await serializer.serialize({ id: 'a' }, context)
    expect(bytes?.toString('hex')).toBe('0261')
    const [header] = context.headers
    expect(header?.key).toBe('__value_schema_id')
    // Magic 1, then the GUID's sixteen bytes, as Confluent's serializers write it.
    expect(Buffer.from(header?.value ?? '').toString('hex')).toBe(`01${guid.replaceAll('-', '')}`)
    const found = [{ key: '__value_schema_id', value: Buffer.from(header?.value ?? '') }]
    const there = { topic: 'orders', field: 'value' as const, headers: found }
    expect(await avroDeserializer(client).deserialize(bytes!, there)).toEqual({ id: 'a' })
    expect(schemaIdOf(bytes!, there)).toEqual({ is: 'guid', guid })
    // A key's id is in a header of another name.
    const key = { ...there, field: 'key' as const }
    expect(schemaIdOf(bytes!, key)).toBeUndefined()
  })

  it('calls its hooks before and after', async () => {
    const hooks = {
      value: (value: unknown) => ({ id: `${(value as { id: string }).id}!` }),
      payload: (payload: Buffer) => Buffer.from(payload.map(byte => byte ^ 0xff)),
    }
    const bytes = await avroSerializer(client, order, { hooks }).serialize({ id: 'a' }, writing())
    expect(bytes?.toString('hex')).toBe('0000000007fb9ede')
    const back = { payload: hooks.payload }
    const read = avroDeserializer(client, { hooks: back }).deserialize(bytes!, reading())
    expect(await read).toEqual({ id: 'a!' })
  })

  it('refuses contradictions before anything is asked', () => {
    expect(() => avroSerializer(client, undefined)).toThrow(ConfigError)
    const both = { autoRegisterSchemas: true, useLatestVersion: true }
    expect(() => avroSerializer(client, order, both)).toThrow(
      'auto.register.schemas and use.latest.version contradict each other',
    )
    const typo = { autoRegisterSchema: true } as object
    expect(() => avroSerializer(client, order, typo)).toThrow(
      /did you mean auto\.register\.schemas/,
    )
  })
})

describe('a value that does not fit', () => {
  it('names path, subject, id and URL', async () => {
    const serializer = avroSerializer<unknown>(client, text)
    await serializer.prepare('orders')
    const error = await failureOf(SerializationError, () =>
      serializer.serialize({ id: 7 }, writing()),
    )
    expect(error.code).toBe('SCHEMA_MISMATCH')
    expect(error.message).toBe(
      `the value of a record of orders (subject orders-value, schema id 7 at ${registry.url}) does not fit its schema: id: expected a string, got number 7`,
    )
  })
  it('is told for Protobuf, where unknown fields would be lost', async () => {
    const schema = `syntax = "proto3"; package shop; message Order { string id = 1; Line line = 2;
      message Line { repeated int64 qty = 1; } oneof by { string card = 3; bool cash = 4; } }`
    const serializer = protobufSerializer<unknown>(client, schema, { autoRegisterSchemas: true })
    await serializer.prepare('p')
    const write = (value: unknown) => serializer.serialize(value, writing('p'))
    const message = async (value: unknown) =>
      (await failureOf(SerializationError, () => write(value))).message.replace(
        /^.*its schema: /,
        '',
      )
    expect(await message({ id: 1 })).toBe('id: expected a string, got number 1')
    expect(await message({ idd: 'a' })).toMatch(
      /^idd: expected a field of shop\.Order \(id, line, by\)/,
    )
    expect(await message({ line: { qty: [1n, 'x'] } })).toBe(
      'line.qty[1]: expected an int64 (a bigint), got string "x"',
    )
    expect(await message({ by: { case: 'coin', value: 1 } })).toBe(
      'by.case: expected one of card, cash, got string "coin"',
    )
    expect(await message('x')).toBe('the value: expected a message shop.Order, got string "x"')
    expect(write({ id: 'a', by: { case: 'cash', value: true } })).toBeInstanceOf(Buffer)
  })
})

describe('bytes that cannot be read', () => {
  const good = Buffer.from('00000000070261', 'hex')
  it.each([
    ['another magic byte', 'ff00000007', 'UNKNOWN_MAGIC_BYTE', /starts with ff 00 00 00 07/],
    ['plain text', Buffer.from('{"id":1}').toString('hex'), 'UNKNOWN_MAGIC_BYTE', /7b 22 69/],
    ['nothing', '', 'UNKNOWN_MAGIC_BYTE', /it is empty/],
    ['half an id', '000000', 'TRUNCATED_PAYLOAD', /3 bytes \(00 00 00\)/],
    ['half a GUID', '0100000000', 'TRUNCATED_PAYLOAD', /5 bytes/],
    [
      'half a value',
      '00000000070861',
      'DESERIALIZATION_FAILED',
      /subject orders-value, schema id 7/,
    ],
    ['more than a value', '0000000007026100', 'DESERIALIZATION_FAILED', /trailing data/],
  ])('%s', async (_, hex, code, message) => {
    const deserializer = avroDeserializer(client)
    const read = () => deserializer.deserialize(Buffer.from(hex, 'hex'), reading())
    const error = await failureOf(SerializationError, read)
    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
    expect(error.message).toContain('orders')
    // One bad record is no end: the next is read.
    expect(await deserializer.deserialize(good, reading())).toEqual({ id: 'a' })
  })

  it('an unknown id, which may be known later', async () => {
    const deserializer = avroDeserializer(client)
    const bytes = Buffer.from('00000000630261', 'hex')
    const error = await failureOf(RegistryError, () => deserializer.deserialize(bytes, reading()))
    expect(error).toMatchObject({ code: 'SCHEMA_NOT_FOUND', where: { id: 99 } })
    expect(error.message).toContain(`${registry.url}/schemas/ids/99`)
    subjects['orders-value']?.push({ id: 99, schema: text })
    expect(await deserializer.deserialize(bytes, reading())).toEqual({ id: 'a' })
  })

  it('a schema that is none, or of another kind', async () => {
    subjects['orders-value'] = [
      { id: 7, schema: '{"type":"reco"}' },
      { id: 8, schema: '{}', schemaType: 'JSON' },
    ]
    const deserializer = avroDeserializer(client)
    const broken = await failureOf(SerializationError, () =>
      deserializer.deserialize(good, reading()),
    )
    expect(broken.code).toBe('INVALID_SCHEMA')
    expect(broken.message).toMatch(/schema id 7 at .*not a valid Avro schema/)
    const json = Buffer.from('00000000087b7d', 'hex')
    const other = await failureOf(SerializationError, () =>
      deserializer.deserialize(json, reading()),
    )
    expect(other).toMatchObject({ code: 'WRONG_SCHEMA_TYPE' })
    expect(other.message).toContain('was written as JSON, and is to be read as AVRO')
    expect(await registryDeserializer(client).deserialize(json, reading())).toEqual({})
  })

  it('Protobuf indexes that lead nowhere', async () => {
    const schema = 'syntax = "proto3"; message A { string id = 1; } message B { int32 n = 1; }'
    subjects['orders-value'] = [{ id: 7, schema, schemaType: 'PROTOBUF' }]
    const message = async (hex: string, name?: string) => {
      const options = name === undefined ? {} : { message: name }
      const deserializer = protobufDeserializer(client, undefined, options)
      const bytes = Buffer.from(`0000000007${hex}`, 'hex')
      return (await failureOf(SerializationError, () => deserializer.deserialize(bytes, reading())))
        .message
    }
    expect(await message('0204')).toContain('no message at the indexes [2] (its messages: A, B)')
    expect(await message('')).toContain('ends within its schema id')
    expect(await message('feffffff0f')).toContain('no Protobuf message indexes')
    expect(await message('ffffffffffff')).toContain('no Protobuf message indexes')
    expect(await message('000a0561')).toMatch(/can't be read: .*of A/)
    expect(await message('02020801', 'A')).toContain('it is a message B, and A is to be read')
    const good = Buffer.from('00000000070202 0807'.replace(' ', ''), 'hex')
    expect(await protobufDeserializer(client).deserialize(good, reading())).toMatchObject({ n: 7 })
  })

  it('JSON that does not fit', async () => {
    const schema = JSON.stringify({ required: ['id'] })
    subjects['orders-value'] = [{ id: 7, schema, schemaType: 'JSON' }]
    const deserializer = jsonSchemaDeserializer(client)
    const read = () => deserializer.deserialize(Buffer.from('00000000077b7d', 'hex'), reading())
    const error = await failureOf(SerializationError, read)
    expect(error.code).toBe('SCHEMA_MISMATCH')
    expect(error.message).toContain('id: expected the required property id, got nothing')
  })
})

describe('references', () => {
  const refer = (name: string) => [{ name: `shop.${name}`, subject: name, version: 1 }]
  const using = (name: string, used: string) =>
    JSON.stringify({
      type: 'record',
      name: `shop.${name}`,
      fields: [{ name: 'x', type: `shop.${used}` }],
    })

  it('that loop are told as the loop', async () => {
    subjects = {
      'orders-value': [{ id: 1, schema: using('A', 'B'), references: refer('B') }],
      B: [{ id: 2, schema: using('B', 'C'), references: refer('C') }],
      C: [{ id: 3, schema: using('C', 'B'), references: refer('B') }],
    }
    const serializer = avroSerializer(client, undefined, { useLatestVersion: true })
    const error = await failureOf(SerializationError, () => serializer.prepare('orders'))
    expect(error.code).toBe('REFERENCE_LOOP')
    expect(error.message).toContain('orders-value -> B version 1 -> C version 1 -> B version 1')
  })

  it('that are missing are told with what needs them', async () => {
    subjects = { 'orders-value': [{ id: 1, schema: using('A', 'B'), references: refer('B') }] }
    const serializer = avroSerializer(client, undefined, { useLatestVersion: true })
    const error = await failureOf(RegistryError, () => serializer.prepare('orders'))
    expect(error.code).toBe('REFERENCE_MISSING')
    expect(error.message).toContain(
      'orders-value refers to "shop.B", which should be B version 1, but the registry at',
    )
  })

  it('of a chain without end are refused', async () => {
    subjects = { 'orders-value': [{ id: 1, schema: using('N0', 'N1'), references: refer('N1') }] }
    for (let at = 1; at < 80; at++) {
      const next = `N${at + 1}`
      subjects[`N${at}`] = [{ id: at + 1, schema: using(`N${at}`, next), references: refer(next) }]
    }
    const serializer = avroSerializer(client, undefined, { useLatestVersion: true })
    const error = await failureOf(SerializationError, () => serializer.prepare('orders'))
    expect(error.code).toBe('TOO_MANY_REFERENCES')
  })

  it('that two share are fetched once', async () => {
    const money = { type: 'record', name: 'shop.Money', fields: [] }
    subjects = {
      Money: [{ id: 2, schema: JSON.stringify(money) }],
      Item: [{ id: 3, schema: using('Item', 'Money'), references: refer('Money') }],
      'orders-value': [
        {
          id: 1,
          schema: JSON.stringify({
            type: 'record',
            name: 'shop.Order',
            fields: [
              { name: 'item', type: 'shop.Item' },
              { name: 'price', type: 'shop.Money' },
            ],
          }),
          references: [...refer('Item'), ...refer('Money')],
        },
      ],
    }
    const serializer = avroSerializer<unknown>(client, undefined, { useLatestVersion: true })
    await serializer.prepare('orders')
    const fetched = registry.lines.filter(line => line.includes('/Money/'))
    expect(fetched).toHaveLength(1)
    expect(serializer.serialize({ item: { x: {} }, price: {} }, writing())).toHaveLength(5)
  })
})
