import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { id, note, noteWithDefault, record, TestRegistry } from './server-client.ts'

let registry: TestRegistry
beforeEach(async () => {
  registry = await TestRegistry.start()
})
afterEach(() => registry.stop())

const order = record([id])
const wider = record([id, noteWithDefault])
const schema = (value: unknown) => ({ schema: JSON.stringify(value) })

describe('registering', () => {
  test('gives an id and versions, which lead back to the schema', async () => {
    expect(await registry.register('orders', order)).toBe(1)
    expect(await registry.register('orders', wider)).toBe(2)
    expect(await registry.get('GET /subjects')).toEqual(['orders'])
    expect(await registry.get('GET /subjects/orders/versions')).toEqual([1, 2])
    const latest = await registry.get('GET /subjects/orders/versions/latest')
    const whole = { subject: 'orders', version: 2, id: 2, schemaType: 'AVRO', ...schema(wider) }
    expect(latest).toMatchObject(whole)
    expect(await registry.get('GET /subjects/orders/versions/-1')).toEqual(latest)
    expect(await registry.get('GET /schemas/ids/2')).toMatchObject(schema(wider))
    expect(await registry.get('GET /subjects/orders/versions/2/schema')).toEqual(wider)
    expect(await registry.get('GET /schemas/ids/2/schema')).toEqual(wider)
    expect(await registry.get('GET /schemas/ids/1/versions')).toEqual([
      { subject: 'orders', version: 1 },
    ])
    expect(await registry.get('GET /schemas/types')).toEqual(['JSON', 'PROTOBUF', 'AVRO'])
  })

  test('a schema has one id, however it is spelled and wherever it is registered', async () => {
    const pretty = JSON.stringify(order, null, 2)
    expect(await registry.register('a', order)).toBe(1)
    expect(await registry.register('a', pretty)).toBe(1)
    expect(await registry.register('b', { fields: [id], name: 'Order', type: 'record' })).toBe(1)
    expect(await registry.get('GET /subjects/a/versions')).toEqual([1])
    expect(await registry.get('GET /schemas/ids/1/subjects')).toEqual(['a', 'b'])
    expect(await registry.register('c', '"string"')).toBe(2)
    expect(await registry.register('d', '{"type": "string"}')).toBe(2)
  })

  test('numbers that JSON.parse would round are told apart', async () => {
    const text = (number: string) =>
      `{"type":"record","name":"R","fields":[{"name":"n","type":"long","default":${number}}]}`
    const first = await registry.register('a', text('9007199254740993'))
    expect(await registry.register('b', text('9007199254740992'))).not.toBe(first)
    const stored = await registry.get(`GET /schemas/ids/${first}`)
    expect(stored).toMatchObject({ schema: text('9007199254740993') })
  })

  test('JSON Schema keeps the order of keys, unless it is to be normalized', async () => {
    const one = '{"type":"object","title":"T"}'
    const other = '{"title":"T","type":"object"}'
    const json = { schemaType: 'JSON' }
    expect(await registry.register('a', one, json)).toBe(1)
    expect(await registry.register('b', other, json)).toBe(2)
    const path = 'POST /subjects/c/versions?normalize=true'
    const first = await registry.get(path, { schema: one, ...json })
    expect(await registry.get(path, { schema: other, ...json })).toEqual(first)
  })

  test('Protobuf comes as text or as a descriptor, and goes as either', async () => {
    const proto =
      'syntax = "proto3";\npackage shop;\n// An order\nmessage Order { int64 id = 1; }\n'
    const bare = 'syntax = "proto3"; package shop; message Order {int64 id = 1;}'
    const protobuf = { schemaType: 'PROTOBUF' }
    expect(await registry.register('a', proto, protobuf)).toBe(1)
    expect(await registry.register('a', bare, protobuf)).toBe(1)
    expect(await registry.get('GET /schemas/ids/1')).toMatchObject({ schema: proto })
    const packed = await registry.get('GET /schemas/ids/1?format=serialized')
    const base64 = String(packed instanceof Object && 'schema' in packed && packed.schema)
    expect(base64).toMatch(/^[A-Za-z0-9+/]+=*$/)
    expect(await registry.register('b', base64, protobuf)).toBe(1)
    expect(await registry.get('GET /subjects/b/versions/1')).toMatchObject({ schema: proto })
  })

  test('a GUID names a schema in every context', async () => {
    await registry.register('a', order)
    await registry.register(':.test:a', wider)
    await registry.register(':.test:b', order)
    const found = await registry.get('GET /schemas/ids/1')
    const guid = String(found instanceof Object && 'guid' in found && found.guid)
    expect(guid).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    expect(await registry.get(`GET /schemas/guids/${guid}`)).toMatchObject(schema(order))
    expect(await registry.get(`GET /schemas/guids/${guid}/ids`)).toEqual([
      { context: '.', id: 1 },
      { context: '.test', id: 2 },
    ])
  })

  test('requests at the same time take turns', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `f${i}`)
    const schemas = names.map(name => record([id, { name, type: 'int', default: 0 }]))
    const ids = await Promise.all(schemas.map(each => registry.register('orders', each)))
    expect(ids.toSorted((a, b) => a - b)).toEqual(names.map((_, i) => i + 1))
    const versions = await registry.get('GET /subjects/orders/versions')
    expect(versions).toEqual(names.map((_, i) => i + 1))
  })
})

describe('compatibility', () => {
  test('a schema that would break readers is refused, with the reason', async () => {
    await registry.register('orders', order)
    const answer = await registry.ask('POST /subjects/orders/versions', schema(record([id, note])))
    expect(answer).toMatchObject({ status: 409, body: { error_code: 409 } })
    const words = JSON.stringify(answer.body)
    expect(words).toContain('READER_FIELD_MISSING_DEFAULT_VALUE')
    expect(words).toContain("the field 'note' of the new schema has no default value")
    expect(words).toContain('/fields/1')
    expect(words).toContain('oldSchemaVersion: 1')
    expect(await registry.get('GET /subjects/orders/versions')).toEqual([1])
  })

  test('is tested without registering, with reasons where asked', async () => {
    await registry.register('orders', order)
    const path = 'POST /compatibility/subjects/orders/versions'
    expect(await registry.get(`${path}/latest`, schema(wider))).toEqual({ is_compatible: true })
    expect(await registry.get(path, schema(wider))).toEqual({ is_compatible: true })
    const bad = schema(record([id, note]))
    expect(await registry.get(`${path}/1`, bad)).toEqual({ is_compatible: false })
    expect(await registry.get(`${path}/1?verbose=true`, bad)).toMatchObject({
      is_compatible: false,
      messages: [
        expect.stringContaining('READER_FIELD_MISSING'),
        '{oldSchemaVersion: 1}',
        "{compatibility: 'BACKWARD'}",
      ],
    })
    expect(await registry.get('POST /compatibility/subjects/new/versions/latest', bad)).toEqual({
      is_compatible: true,
    })
  })

  test('the level of a subject, its context and the registry, in this order', async () => {
    await registry.register(':.test:orders', order)
    const refused = () => registry.ask('POST /subjects/:.test:orders/versions', schema('long'))
    await registry.get('PUT /config', { compatibility: 'NONE' })
    expect(await registry.get('GET /config')).toEqual({ compatibilityLevel: 'NONE' })
    await registry.get('PUT /config/:.test:', { compatibility: 'FULL' })
    expect(await refused()).toMatchObject({ status: 409 })
    await registry.get('PUT /config/:.test:orders', { compatibility: 'none' })
    expect(await refused()).toMatchObject({ status: 200 })
    expect(await registry.get('DELETE /config/:.test:orders')).toMatchObject({
      compatibilityLevel: 'NONE',
    })
    const inScope = await registry.get('GET /config/:.test:orders?defaultToGlobal=true')
    expect(inScope).toMatchObject({ compatibilityLevel: 'FULL' })
  })

  test('transitive levels look at all versions', async () => {
    const text = { name: 'x', type: 'string' }
    await registry.get('PUT /config', { compatibility: 'NONE' })
    await registry.register('orders', record([id, text]))
    await registry.register('orders', record([id]))
    const path = 'POST /compatibility/subjects/orders/versions'
    const next = schema(record([id, { name: 'x', type: 'int', default: 0 }]))
    await registry.get('PUT /config', { compatibility: 'BACKWARD' })
    expect(await registry.get(path, next)).toEqual({ is_compatible: true })
    await registry.get('PUT /config', { compatibility: 'BACKWARD_TRANSITIVE' })
    expect(await registry.get(path, next)).toEqual({ is_compatible: false })
  })

  test('versions of another compatibility group are not compared', async () => {
    const inGroup = (major: string) => ({ metadata: { properties: { major } } })
    await registry.get('PUT /config/orders', { compatibilityGroup: 'major' })
    await registry.register('orders', order, inGroup('1'))
    await registry.register('orders', record([note]), inGroup('2'))
    const answer = await registry.ask('POST /subjects/orders/versions', {
      ...schema(record([id, { ...note, type: 'int' }])),
      ...inGroup('2'),
    })
    expect(answer.status).toBe(409)
  })

  test('another format is another schema', async () => {
    await registry.register('orders', order)
    const json = { schema: '{}', schemaType: 'JSON' }
    expect(await registry.ask('POST /subjects/orders/versions', json)).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining('SCHEMA_TYPE_CHANGED') },
    })
  })
})

describe('hostile requests', () => {
  test('a body that is too large is refused before it is read', async () => {
    const status = await new Promise((resolve, reject) => {
      const call = request(`${registry.url}/subjects/a/versions`, { method: 'POST' }, answer =>
        resolve(answer.statusCode),
      )
      call.on('error', reject)
      // Never ended: only a server that does not wait for the rest can answer.
      call.write(Buffer.alloc(2_000_000))
    })
    expect(status).toBe(413)
  })

  test('who sends on after such a refusal may, and asks again over that connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    onTestFinished(() => agent.destroy())
    const call = request(`${registry.url}/subjects/a/versions`, { method: 'POST', agent })
    const answered = once(call, 'response')
    call.write(Buffer.alloc(2_000_000))
    const [refused] = await answered
    expect(refused.statusCode).toBe(413)
    refused.resume()
    const closed = once(call, 'close')
    call.end(Buffer.alloc(8_000_000))
    await closed
    const next = request(`${registry.url}/subjects`, { agent })
    const [answer] = await once(next.end(), 'response')
    expect([next.reusedSocket, answer.statusCode]).toEqual([true, 200])
  })

  test.each([
    ['JSON nested too deeply', '['.repeat(100_000)],
    [
      'a schema nested too deeply',
      schema(JSON.parse(`${'{"type":"array","items":'.repeat(900)}"int"${'}'.repeat(900)}`)),
    ],
    ['no object', '[]'],
    ['no text as schema', { schema: 5 }],
    ['a schema of no known type', { schema: '{}', schemaType: 'XML' }],
    ['references that are none', { schema: '"int"', references: [{ name: 'x' }] }],
    ['a name that objects have anyway', { schema: '"__proto__"' }],
    ['a $ref to nothing', { schema: '{"$ref":"#/definitions/x"}', schemaType: 'JSON' }],
    ['a pattern that is none', { schema: '{"pattern":"("}', schemaType: 'JSON' }],
    ['a message in a message', { schema: 'message A {'.repeat(5000), schemaType: 'PROTOBUF' }],
  ])('%s', async (_, body) => {
    const { status } = await registry.ask('POST /subjects/a/versions', body)
    expect([400, 422]).toContain(status)
    expect(await registry.get('GET /subjects')).toEqual([])
  })

  test('a $ref that leads to itself is a schema that ends nowhere, and is compared', async () => {
    const loop = { $ref: '#/definitions/a', definitions: { a: { $ref: '#/definitions/a' } } }
    await registry.register('a', loop, { schemaType: 'JSON' })
    await registry.register('a', { ...loop, title: 'T' }, { schemaType: 'JSON' })
    expect(await registry.get('GET /subjects/a/versions')).toEqual([1, 2])
  })
})
