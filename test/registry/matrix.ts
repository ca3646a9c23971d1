import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  avroDeserializer,
  avroSerializer,
  jsonSchemaDeserializer,
  jsonSchemaSerializer,
  type OwnSchema,
  protobufDeserializer,
  protobufSerializer,
  type RegistryDeserializer,
  type RegistrySerializer,
  SchemaRegistryClient,
  type SchemaType,
} from '../../src/registry/index.ts'
import { ProtobufSchema } from '../../src/registry/protobuf/schema.ts'
import { pythonWithRegistry } from '../python/registry-venv.ts'
import {
  avroCases,
  avroEvolutions,
  type Case,
  jsonCases,
  protobufCases,
  protobufEvolutions,
} from './matrix-cases.ts'
import { PythonSerdes, type Wire } from './python-serdes.ts'

export interface MatrixRegistry {
  readonly url: string
  stop(): Promise<void>
}

type Location = 'prefix' | 'header'

/**
 * Ours reads theirs and theirs reads ours, with equal values: every kind of schema, for confluent-
 * kafka's Python serdes over one registry. `guids`: whether that registry knows any; without them
 * Python has nothing to put into a header, but reads what we put there.
 */
export function serdeMatrix(start: () => Promise<MatrixRegistry>, { guids }: { guids: boolean }) {
  let registry: MatrixRegistry
  let client: SchemaRegistryClient
  let python: PythonSerdes
  let topics = 0

  beforeAll(async () => {
    await pythonWithRegistry()
    ;[registry, python] = await Promise.all([start(), PythonSerdes.start()])
    client = new SchemaRegistryClient({ 'schema.registry.url': registry.url })
  }, 300_000)
  afterAll(async () => {
    client?.close()
    await Promise.all([python?.stop(), registry?.stop()])
  })

  const cases = [
    ...avroCases.map(each => ['AVRO', each] as const),
    ...jsonCases.map(each => ['JSON', each] as const),
    ...protobufCases.map(each => ['PROTOBUF', each] as const),
  ].flatMap(([format, each]) => [
    { format, each, name: each.name, location: 'prefix' as const },
    { format, each, name: each.name, location: 'header' as const },
  ])

  describe.each(cases)('$format: $name, id in the $location', ({ format, each, location }) => {
    const topic = `topic-${topics++}`
    const theirs = each.theirs ?? each.ours

    test('theirs reads ours', async () => {
      const wire = await write(serializer(format, each, location), topic, each.ours)
      expect(wire.headers.length).toBe(location === 'header' ? 1 : 0)
      const request = await askPython(format, each, topic)
      expect(await python.read({ ...request, ...wire })).toEqual(theirs)
    })

    const oursReadsTheirs = async () => {
      await serializer(format, each, location).prepare(topic)
      const request = await askPython(format, each, topic)
      const header = location === 'header'
      const wire = await python.write({ ...request, header, value: theirs })
      expect(wire.headers.length).toBe(header ? 1 : 0)
      const value = await read(deserializer(format, each), topic, wire)
      expect(value).toEqual(await expected(format, each, topic))
    }
    // Without a GUID, Python has nothing to put into a header.
    if (location === 'prefix' || guids) test('ours reads theirs', oursReadsTheirs)

    test('null stays null', async () => {
      const wire = await write(serializer(format, each, location), topic, null)
      expect(wire.bytes).toBeNull()
      const request = await askPython(format, each, topic)
      expect(await python.read({ ...request, ...wire })).toBeNull()
      expect((await python.write({ ...request, header: false, value: null })).bytes).toBeNull()
    })
  })

  describe.each(avroEvolutions)('Avro: $name', ({ writer, reader, written, read: wanted }) => {
    const topic = `topic-${topics++}`
    const request = () => ({ url: registry.url, topic, format: 'AVRO' })
    test('theirs reads ours', async () => {
      const ours = avroSerializer(client, JSON.stringify(writer), { autoRegisterSchemas: true })
      const wire = await write(ours, topic, written)
      const schema = JSON.stringify(reader)
      expect(await python.read({ ...request(), ...wire, schema })).toEqual(wanted)
    })
    test('ours reads theirs', async () => {
      const schema = JSON.stringify(writer)
      const wire = await python.write({ ...request(), schema, header: false, value: written })
      const ours = avroDeserializer(client, { readerSchema: JSON.stringify(reader) })
      expect(await read(ours, topic, wire)).toEqual(wanted)
    })
  })

  describe.each(protobufEvolutions)('Protobuf: $name', each => {
    const topic = `topic-${topics++}`
    const request = (schema: unknown) => ({
      url: registry.url,
      topic,
      format: 'PROTOBUF',
      message: each.message,
      main: 'evolving.proto',
      files: { 'evolving.proto': schema },
    })
    const options = { autoRegisterSchemas: true, json: true, message: each.message }
    test('theirs reads ours', async () => {
      const ours = protobufSerializer(client, String(each.writer), options)
      const wire = await write(ours, topic, each.written)
      expect(await python.read({ ...request(each.reader), ...wire })).toEqual(each.read)
    })
    test('ours reads theirs', async () => {
      const value = { ...request(each.writer), header: false, value: each.written }
      const wire = await python.write(value)
      const { message } = each
      const ours = protobufDeserializer(client, String(each.reader), { json: true, message })
      expect(await read(ours, topic, wire)).toEqual(each.read)
    })
  })

  function serializer(
    format: SchemaType,
    each: Case,
    schemaIdLocation: Location,
  ): RegistrySerializer<unknown> {
    const options = { autoRegisterSchemas: true, schemaIdLocation } as const
    const schema = ownSchema(format, each)
    if (format === 'AVRO') return avroSerializer(client, schema, { ...options, ...each.options })
    if (format === 'JSON') return jsonSchemaSerializer(client, schema, options)
    return protobufSerializer(client, schema, { ...options, message: each.message! })
  }

  function deserializer(format: SchemaType, each: Case): RegistryDeserializer<unknown> {
    if (format === 'AVRO') return avroDeserializer(client, each.options)
    if (format === 'JSON') return jsonSchemaDeserializer(client)
    return protobufDeserializer(client, undefined, { message: each.message! })
  }

  /** A Protobuf message is read as a message, not as the plain object that it was written from. */
  async function expected(format: SchemaType, each: Case, topic: string): Promise<unknown> {
    if (format !== 'PROTOBUF') return each.ours
    const registered = await client.latest(`${topic}-value`)
    const references = await referencesOf(registered)
    const message = new ProtobufSchema(registered, references).message(each.message)
    return create(message, each.ours as MessageInitShape<typeof message>)
  }

  async function referencesOf(of: { references?: OwnSchema['references'] }) {
    const found: { name: string; schema: OwnSchema }[] = []
    for (const { name, subject, version } of of.references ?? []) {
      const schema = await client.version(subject, version)
      found.push(...(await referencesOf(schema)), { name, schema })
    }
    return found
  }

  /** What Python needs to know: the schema as it is registered, or the files for protoc. */
  async function askPython(format: SchemaType, each: Case, topic: string) {
    const base = { url: registry.url, topic, format, message: each.message }
    if (format === 'PROTOBUF') {
      const files = { 'main.proto': String(each.schema), ...filesOf(ownSchema(format, each)) }
      return { ...base, files, main: 'main.proto' }
    }
    const { schema, references = [] } = await client.latest(`${topic}-value`)
    return { ...base, schema, references }
  }
}

function ownSchema(format: SchemaType, each: Case): OwnSchema {
  const schema = format === 'PROTOBUF' ? String(each.schema) : JSON.stringify(each.schema)
  const imports = each.imports as NonNullable<OwnSchema['imports']> | undefined
  return { schema, schemaType: format, ...(imports && { imports }) }
}

function filesOf({ imports = {} }: OwnSchema): Record<string, string> {
  const files: Record<string, string> = {}
  for (const [path, given] of Object.entries(imports)) {
    const own = typeof given === 'string' ? { schema: given } : given
    Object.assign(files, { [path]: own.schema }, filesOf(own))
  }
  return files
}

async function write(
  serializer: RegistrySerializer<unknown>,
  topic: string,
  value: unknown,
): Promise<Wire> {
  await serializer.prepare(topic)
  const headers: { key: string; value: string | Uint8Array | null }[] = []
  const bytes = serializer.serialize(value, { topic, field: 'value', headers })
  if (bytes instanceof Promise) throw new Error('it was prepared, and answers at once')
  return {
    bytes: bytes?.toString('hex') ?? null,
    headers: headers.map(({ key, value: id }) => [key, Buffer.from(id ?? '').toString('hex')]),
  }
}

async function read(
  deserializer: RegistryDeserializer<unknown>,
  topic: string,
  wire: Wire,
): Promise<unknown> {
  const headers = wire.headers.map(([key, value]) => ({ key, value: Buffer.from(value, 'hex') }))
  return deserializer.deserialize(Buffer.from(wire.bytes ?? '', 'hex'), {
    topic,
    field: 'value',
    headers,
  })
}
