import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { id, record, TestRegistry } from './server-client.ts'

let registry: TestRegistry
beforeEach(async () => {
  registry = await TestRegistry.start()
})
afterEach(() => registry.stop())

const order = record([id])
const body = { schema: JSON.stringify(order) }

/** The error code of an answer, or 0 where it is a good one. */
async function code(words: string, sent?: unknown): Promise<unknown> {
  const answer = await registry.ask(words, sent)
  if (answer.status === 200) return 0
  expect(answer.body).toMatchObject({ message: expect.stringMatching(/\w/) })
  return answer.body instanceof Object && 'error_code' in answer.body && answer.body.error_code
}

describe('error codes', () => {
  beforeEach(() => registry.register('orders', order))

  test.each<[string, unknown, number]>([
    ['GET /nowhere', undefined, 404],
    ['PUT /subjects', {}, 405],
    ['GET /subjects/%ZZ/versions', undefined, 400],
    ['POST /subjects/orders', '{', 400],
    ['GET /subjects/none/versions', undefined, 40401],
    ['GET /subjects/none/versions/1', undefined, 40401],
    ['POST /subjects/none', body, 40401],
    ['DELETE /subjects/none', undefined, 40401],
    ['GET /subjects/orders/versions/2', undefined, 40402],
    ['DELETE /subjects/orders/versions/2', undefined, 40402],
    ['POST /compatibility/subjects/orders/versions/9', body, 40402],
    ['POST /subjects/orders', { schema: '"int"' }, 40403],
    ['GET /schemas/ids/9', undefined, 40403],
    ['GET /schemas/ids/9/versions', undefined, 40403],
    ['GET /schemas/ids/word', undefined, 404],
    ['GET /schemas/guids/none', undefined, 40403],
    ['DELETE /subjects/orders?permanent=true', undefined, 40405],
    ['DELETE /subjects/orders/versions/1?permanent=true', undefined, 40407],
    ['GET /config/orders', undefined, 40408],
    ['GET /mode/orders', undefined, 40409],
    ['DELETE /config/orders', undefined, 40401],
    ['POST /subjects/orders/versions', { schema: 'no JSON' }, 42201],
    ['POST /subjects/orders/versions', { schema: '"nonsense"' }, 42201],
    ['POST /subjects/orders/versions', {}, 42201],
    ['POST /compatibility/subjects/orders/versions/1', { schema: '{}' }, 42201],
    ['GET /subjects/orders/versions/0', undefined, 42202],
    ['GET /subjects/orders/versions/-2', undefined, 42202],
    ['GET /subjects/orders/versions/first', undefined, 42202],
    ['GET /subjects/orders/versions/2147483648', undefined, 42202],
    ['PUT /config', { compatibility: 'SIDEWARD' }, 42203],
    ['PUT /mode', { mode: 'WRITEONLY' }, 42204],
    ['PUT /mode/orders', { mode: 'IMPORT' }, 42205],
    ['POST /subjects/orders/versions', { ...body, id: 7 }, 42205],
    ['POST /subjects/:.context:/versions', body, 42208],
  ])('%s %j: %i', async (words, sent, expected) => {
    expect(await code(words, sent)).toBe(expected)
  })

  test('a read-only subject refuses changes', async () => {
    await registry.get('PUT /mode/orders', { mode: 'READONLY' })
    expect(await registry.get('GET /mode/orders')).toEqual({ mode: 'READONLY' })
    expect(await code('POST /subjects/orders/versions', { schema: '"int"' })).toBe(42205)
    expect(await code('DELETE /subjects/orders')).toBe(42205)
    expect(await code('GET /subjects/orders/versions/1')).toBe(0)
    await registry.get('DELETE /mode/orders')
    expect(await code('DELETE /subjects/orders')).toBe(0)
  })

  test('importing keeps ids and versions, and refuses an id of another schema', async () => {
    await registry.get('PUT /mode/copies', { mode: 'IMPORT' })
    const sent = { ...body, id: 70, version: 5 }
    expect(await code('POST /subjects/copies/versions', sent)).toBe(0)
    expect(await registry.get('GET /subjects/copies/versions')).toEqual([5])
    expect(await registry.get('GET /schemas/ids/70')).toMatchObject(body)
    const other = { schema: '"int"', id: 70 }
    expect(await code('POST /subjects/copies/versions', other)).toBe(42207)
    expect(await code('POST /subjects/copies/versions', { schema: '"int"' })).toBe(42205)
    expect(await registry.register('next', '"int"')).toBe(71)
  })
})

describe('deleting', () => {
  test('a version: first softly, then for good', async () => {
    await registry.register('orders', order)
    await registry.register('orders', record([id, { name: 'n', type: 'int', default: 0 }]))
    expect(await registry.get('DELETE /subjects/orders/versions/latest')).toBe(2)
    expect(await registry.get('GET /subjects/orders/versions')).toEqual([1])
    expect(await registry.get('GET /subjects/orders/versions?deleted=true')).toEqual([1, 2])
    expect(await registry.get('GET /subjects/orders/versions?deletedOnly=true')).toEqual([2])
    expect(await code('DELETE /subjects/orders/versions/2')).toBe(40406)
    expect(await code('GET /subjects/orders/versions/2')).toBe(40402)
    expect(await registry.get('GET /subjects/orders/versions/2?deleted=true')).toMatchObject({
      deleted: true,
    })
    expect(await code('GET /schemas/ids/2')).toBe(0)
    expect(await registry.get('DELETE /subjects/orders/versions/2?permanent=true')).toBe(2)
    expect(await code('GET /schemas/ids/2')).toBe(40403)
  })

  test('a subject: first softly, then for good, with its settings', async () => {
    await registry.register('orders', order)
    await registry.get('PUT /config/orders', { compatibility: 'FULL' })
    expect(await registry.get('DELETE /subjects/orders')).toEqual([1])
    expect(await registry.get('GET /subjects')).toEqual([])
    expect(await registry.get('GET /subjects?deleted=true')).toEqual(['orders'])
    expect(await code('DELETE /subjects/orders')).toBe(40404)
    expect(await code('GET /subjects/orders/versions')).toBe(40401)
    expect(await registry.get('DELETE /subjects/orders?permanent=true')).toEqual([1])
    expect(await registry.get('GET /subjects?deleted=true')).toEqual([])
    expect(await code('GET /config/orders')).toBe(40408)
    // The id is not given to another schema.
    expect(await registry.register('others', '"int"')).toBe(2)
  })

  test('a deleted schema that comes back has its id and a new version', async () => {
    expect(await registry.register('orders', order)).toBe(1)
    await registry.get('DELETE /subjects/orders')
    expect(await registry.register('orders', order)).toBe(1)
    expect(await registry.get('GET /subjects/orders/versions?deleted=true')).toEqual([2])
  })
})

describe('references', () => {
  const item = record([{ name: 'sku', type: 'string' }], 'Item')
  const list = record([{ name: 'items', type: { type: 'array', items: 'Item' } }])
  const toItem = (version = 1) => ({ references: [{ name: 'Item', subject: 'items', version }] })

  test('are resolved, listed and guarded', async () => {
    await registry.register('items', item)
    const made = await registry.register('orders', list, toItem(-1))
    expect(await registry.get('GET /subjects/orders/versions/1')).toMatchObject(toItem(1))
    expect(await registry.get('GET /subjects/items/versions/1/referencedby')).toEqual([made])
    expect(await code('DELETE /subjects/items/versions/1')).toBe(42206)
    expect(await code('DELETE /subjects/items')).toBe(42206)
    await registry.get('DELETE /subjects/orders')
    expect(await code('DELETE /subjects/items')).toBe(0)
    expect(await code('DELETE /subjects/items?permanent=true')).toBe(42206)
    await registry.get('DELETE /subjects/orders?permanent=true')
    expect(await code('DELETE /subjects/items?permanent=true')).toBe(0)
  })

  test('that lead nowhere are refused', async () => {
    const sent = { schema: JSON.stringify(list), ...toItem() }
    expect(await code('POST /subjects/orders/versions', sent)).toBe(42201)
    await registry.register('items', item)
    const without = { schema: JSON.stringify(list) }
    expect(await code('POST /subjects/orders/versions', without)).toBe(42201)
  })

  test('count in compatibility', async () => {
    await registry.register('items', item)
    await registry.register('orders', list, toItem(1))
    await registry.get('PUT /config/items', { compatibility: 'NONE' })
    await registry.register('items', record([id], 'Item'))
    const sent = { schema: JSON.stringify(list), ...toItem(2) }
    expect(await code('POST /subjects/orders/versions', sent)).toBe(409)
  })

  test('of JSON Schema and Protobuf, over two steps', async () => {
    const json = { schemaType: 'JSON' }
    await registry.register('sku', { type: 'string' }, json)
    const one = { references: [{ name: 'sku.json', subject: 'sku', version: 1 }] }
    await registry.register(
      'item',
      { properties: { sku: { $ref: 'sku.json' } } },
      { ...json, ...one },
    )
    const two = { references: [{ name: 'item.json', subject: 'item', version: 1 }] }
    await registry.register('order', { items: { $ref: 'item.json' } }, { ...json, ...two })

    const proto = { schemaType: 'PROTOBUF' }
    const head = 'syntax = "proto3"; package shop;'
    await registry.register('a.proto', `${head} message A { int32 n = 1; }`, proto)
    const refer = (name: string) => ({ references: [{ name, subject: name, version: 1 }] })
    const b = `${head} import "a.proto"; message B { A a = 1; }`
    await registry.register('b.proto', b, { ...proto, ...refer('a.proto') })
    const c = `${head} import "b.proto"; message C { B b = 1; }`
    await registry.register('c', c, { ...proto, ...refer('b.proto') })
    expect(await registry.get('GET /subjects')).toHaveLength(6)
  })
})

describe('contexts', () => {
  test('have their own ids and subjects', async () => {
    expect(await registry.register('orders', order)).toBe(1)
    expect(await registry.register(':.test:orders', '"int"')).toBe(1)
    expect(await registry.register(':.:orders', order)).toBe(1)
    expect(await registry.get('GET /contexts')).toEqual(['.', '.test'])
    expect(await registry.get('GET /subjects')).toEqual([':.test:orders', 'orders'])
    expect(await registry.get('GET /subjects?subjectPrefix=:.test:')).toEqual([':.test:orders'])
    expect(await registry.get('GET /subjects?subjectPrefix=ord')).toEqual(['orders'])
    expect(await registry.get('GET /subjects?subjectPrefix=:*:ord&limit=1')).toHaveLength(1)
    expect(await registry.get('GET /schemas/ids/1')).toMatchObject(body)
    expect(await registry.get('GET /schemas/ids/1?subject=:.test:orders')).toMatchObject({
      schema: '"int"',
    })
    expect(await registry.get('GET /schemas?latestOnly=true')).toMatchObject([
      { subject: 'orders', version: 1, id: 1 },
    ])
    expect(await registry.get('GET /schemas?subjectPrefix=:*:')).toHaveLength(2)
  })
})
