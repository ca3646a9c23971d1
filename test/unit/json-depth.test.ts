import { describe, expect, test } from 'vitest'
import { isDeeper } from '../../src/base/depth.ts'
import { LineError, lineReader } from '../../src/cli/line-record.ts'
import { recordWriter } from '../../src/cli/schemas/writing.ts'
import { KafkaError, RegistryError, SerializationError } from '../../src/errors.ts'
import { canonicalJsonSerializer, jsonDeserializer, jsonSerializer } from '../../src/index.ts'
import {
  avroDeserializer,
  avroSerializer,
  EmbeddedRegistry,
  jsonSchemaDeserializer,
  jsonSchemaSerializer,
  protobufDeserializer,
  protobufSerializer,
  type RegistrySerializer,
  type Schema,
  SchemaRegistryClient,
} from '../../src/registry/index.ts'
import { ScriptedRegistry } from './registry/scripted-registry.ts'

// JSON.parse reads any depth; a hundred thousand levels are the end of whoever recurses.

const levels = 100_000
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
const deepText = nested(levels)
const deep: unknown = JSON.parse(deepText)
const headers: { key: string; value: Buffer }[] = []
const context = { topic: 't', field: 'value', headers } as const

async function failure(work: () => unknown): Promise<KafkaError> {
  try {
    await work()
  } catch (error) {
    if (error instanceof KafkaError) return error
    throw error
  }
  throw new Error('nothing failed')
}

test('the depth of a value is told, also of one without an end', () => {
  expect(isDeeper(JSON.parse(nested(200)), 200)).toBe(false)
  expect(isDeeper(JSON.parse(nested(201)), 200)).toBe(true)
  expect(isDeeper({ a: [{ b: 1 }] }, 3)).toBe(false)
  expect(isDeeper({ a: [{ b: 1 }] }, 2)).toBe(true)
  expect(isDeeper(deep, 1_000)).toBe(true)
  const endless: unknown[] = []
  endless.push(endless)
  expect(isDeeper(endless, 1_000)).toBe(true)
})

describe('plain JSON', () => {
  test('is written as far as JSON.stringify goes, and no key is canonical past 200', async () => {
    const plain = await failure(() => jsonSerializer.serialize(deep, context))
    expect(plain).toBeInstanceOf(SerializationError)
    expect(plain.message).toContain('got object (it is nested too deep)')
    const canonical = await failure(() => canonicalJsonSerializer.serialize(deep, context))
    expect(canonical).toBeInstanceOf(SerializationError)
    expect(canonical.message).toContain('it is nested more than 200 deep')
  })

  test('says why it can not be written: a cycle, a bigint', async () => {
    const endless: unknown[] = []
    endless.push(endless)
    const cycle = await failure(() => jsonSerializer.serialize(endless, context))
    expect(cycle.message).toMatch(/got object \(Converting circular structure to JSON\)$/)
    const bigint = await failure(() => jsonSerializer.serialize({ n: 1n }, context))
    expect(bigint.message).toMatch(/got object \(.*BigInt.*\)$/)
  })

  test('is read at any depth', async () => {
    const read = await jsonDeserializer.deserialize(Buffer.from(deepText), context)
    expect(isDeeper(read, 3_000)).toBe(true)
  })

  test('is no key of a line past 200, and its line is refused, not the program ended', () => {
    const reader = lineReader({ topic: 't', keyField: 'id' })
    const line = Buffer.from(`{"id":${deepText}}`)
    expect(() => reader(line)).toThrow(LineError)
    expect(() => reader(line)).toThrow("has a key that can't be written: it is nested more than")
    expect(reader(Buffer.from(`{"id":"a","rest":${deepText}}`)).key).toBe('a')
  })
})

const anyList: Schema = {
  schemaType: 'JSON',
  schema: JSON.stringify({ $id: 'http://a/list', type: 'array', items: { $ref: '#' } }),
}
const avroNode = {
  type: 'record',
  name: 'Node',
  fields: [{ name: 'next', type: ['null', 'Node'] }],
} as const
const protoNode: Schema = {
  schemaType: 'PROTOBUF',
  schema: 'syntax = "proto3"; message Node { Node next = 1; }',
}

/** A chain of `next`, that long, with that at its end. */
function chain(length: number, end: unknown): unknown {
  let node = end
  for (let i = 0; i < length; i++) node = { next: node }
  return node
}

describe('with a schema', () => {
  test('JSON is written and read to 1,000 levels', async () => {
    await using registry = await EmbeddedRegistry.start()
    using client = new SchemaRegistryClient({ 'schema.registry.url': registry.url })
    const serializer = jsonSchemaSerializer(client, anyList, { autoRegisterSchemas: true })
    const deserializer = jsonSchemaDeserializer(client)
    const allowed = JSON.parse(nested(1_000))
    const bytes = Buffer.from((await serializer.serialize(allowed, context)) as Uint8Array)
    expect(await deserializer.deserialize(bytes, context)).toEqual(allowed)
    const tooDeep = await failure(() => serializer.serialize(JSON.parse(nested(1_001)), context))
    expect(tooDeep).toBeInstanceOf(SerializationError)
    expect(tooDeep.message).toContain('the value: expected at most 1000 levels, got more')
    const endless = await failure(() => serializer.serialize(deep, context))
    expect(endless.message).toContain('got an array … (it is nested too deep)')
    const hostile = Buffer.concat([bytes.subarray(0, 5), Buffer.from(deepText)])
    const unread = await failure(() => deserializer.deserialize(hostile, context))
    expect(unread).toBeInstanceOf(SerializationError)
    expect(unread.message).toContain("can't be read: it is nested more than 1000 deep")
  })

  test('a chain of Avro or Protobuf is refused as what it is', async () => {
    await using registry = await EmbeddedRegistry.start()
    using client = new SchemaRegistryClient({ 'schema.registry.url': registry.url })
    const own = { autoRegisterSchemas: true }
    const avro: RegistrySerializer<never> = avroSerializer(client, avroNode, own)
    const proto: RegistrySerializer<never> = protobufSerializer(client, protoNode, own)
    for (const [topic, serializer, end] of [
      ['a', avro, null],
      ['p', proto, {}],
    ] as const) {
      const write = (length: number) =>
        serializer.serialize(chain(length, end) as never, { ...context, topic })
      await write(3)
      const refused = await failure(() => write(levels))
      expect(refused).toBeInstanceOf(SerializationError)
      expect(refused.message).toContain("can't be written: it is nested too deep")
    }
    const framed = (id: number, payload: Buffer) =>
      Buffer.concat([Buffer.from([0, 0, 0, 0, id]), payload])
    const avroBytes = framed(1, Buffer.concat([Buffer.alloc(levels, 2), Buffer.alloc(1)]))
    const unread = await failure(() => avroDeserializer(client).deserialize(avroBytes, context))
    expect(unread).toBeInstanceOf(SerializationError)
    expect(unread.message).toContain(
      "can't be read: it is nested too deep (in 100001 bytes of Avro)",
    )
    const groups = framed(
      2,
      Buffer.concat([Buffer.alloc(1), Buffer.alloc(levels, 0x1b), Buffer.alloc(levels, 0x1c)]),
    )
    const unreadProto = await failure(() =>
      protobufDeserializer(client).deserialize(groups, context),
    )
    expect(unreadProto.message).toContain("can't be read: maximum recursion depth reached")
  })

  test('a schema that is deep itself is refused', async () => {
    const schema = `${'{"items":'.repeat(10_000)}{}${'}'.repeat(10_000)}`
    await using server = await ScriptedRegistry.start(() => ({
      json: { schemaType: 'JSON', schema },
    }))
    using client = new SchemaRegistryClient({ 'schema.registry.url': server.url })
    const bytes = Buffer.from('000000000131', 'hex')
    const refused = await failure(() => jsonSchemaDeserializer(client).deserialize(bytes, context))
    expect(refused.code).toBe('INVALID_SCHEMA')
    expect(refused.message).toContain('it is nested more than 200 deep')
  })

  test('a line for produce is refused, and the program goes on', async () => {
    await using registry = await EmbeddedRegistry.start()
    using client = new SchemaRegistryClient({ 'schema.registry.url': registry.url })
    const write = await recordWriter(client, 't', { value: anyList })
    expect(() => write({ topic: 't', value: deepText })).toThrow(LineError)
    expect(() => write({ topic: 't', value: deepText })).toThrow('is nested too deep')
  })
})

describe('a registry', () => {
  test('whose answer is deep is no registry', async () => {
    await using server = await ScriptedRegistry.start(() => ({ text: deepText }))
    using client = new SchemaRegistryClient({ 'schema.registry.url': server.url, retries: 0 })
    const error = await failure(() => client.subjects())
    expect(error).toBeInstanceOf(RegistryError)
    expect(error.message).toContain('is not what a registry says: JSON nested more than 200 deep')
  })

  test('embedded takes no deep body, and keeps none to break on later', async () => {
    await using registry = await EmbeddedRegistry.start()
    const headers = { 'content-type': 'application/json' }
    const ask = async (method: string, path: string, body: string) => {
      const answer = await fetch(`${registry.url}${path}`, { method, body, headers })
      return `${answer.status} ${await answer.text()}`
    }
    const bodies = [
      ['PUT', '/config', `{"compatibility":"FULL","defaultMetadata":{"a":${deepText}}}`],
      ['PUT', '/config/s', `{"compatibility":${deepText}}`],
      [
        'POST',
        '/subjects/s/versions',
        `{"schema":"\\"int\\"","ruleSet":{"domainRules":${deepText}}}`,
      ],
      ['POST', '/subjects/s/versions', deepText],
    ] as const
    for (const [method, path, body] of bodies) {
      expect(await ask(method, path, body)).toContain(
        '400 {"error_code":400,"message":"The body is nested more',
      )
    }
    expect(
      await ask('POST', '/subjects/s/versions', JSON.stringify({ schema: deepText })),
    ).toContain(
      '422 {"error_code":42201,"message":"Invalid schema: the schema is nested deeper than 200',
    )
    using client = new SchemaRegistryClient({ 'schema.registry.url': registry.url })
    expect(await client.subjects()).toEqual([])
  })
})
