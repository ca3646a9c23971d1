import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { EmbeddedRegistry } from '../../src/registry/index.ts'
import { waitFor } from '../support/wait.ts'
import { posthaste, Running } from './posthaste.ts'

const folder = mkdtempSync(join(tmpdir(), 'posthaste-schemas-'))
let registry: EmbeddedRegistry

beforeAll(async () => {
  registry = await EmbeddedRegistry.start()
})
afterAll(async () => {
  await registry.stop()
  rmSync(folder, { recursive: true })
})

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

function order(...more: object[]): string {
  const fields = [{ name: 'id', type: 'string' }, ...more]
  return JSON.stringify({ type: 'record', name: 'Order', fields })
}

const first = file('first.avsc', order())
const next = file('next.avsc', order({ name: 'note', type: 'string', default: '' }))
const breaking = file('breaking.avsc', order({ name: 'customer', type: 'string' }))
const noSchema = file('none.avsc', '{')

function schemas(...args: string[]) {
  return posthaste(['schemas', ...args, '--registry', registry.url])
}

describe('schemas', () => {
  it('register, list, get, check, set the rule, and delete', async () => {
    const subject = ['--subject', 'orders-value']
    const made = await schemas('register', ...subject, '--schema', first)
    expect(made).toMatchObject({ code: 0, stdout: 'orders-value version 1, schema id 1\n' })

    const fits = await schemas('check', ...subject, '--schema', next)
    expect(fits).toMatchObject({ code: 0, stdout: expect.stringMatching(/^compatible with/) })
    const breaks = await schemas('check', ...subject, '--schema', breaking)
    expect(breaks.code).toBe(1)
    expect(breaks.stdout).toContain('NOT compatible with subject orders-value')
    expect(breaks.stdout).toContain("/fields/1: the field 'customer' of the new schema has no")
    const refused = await schemas('register', ...subject, '--schema', breaking)
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('INCOMPATIBLE_SCHEMA')

    await schemas('register', ...subject, '--schema', next)
    const listed = await schemas('list', ...subject, '--json')
    const rows = listed.stdout.trimEnd().split('\n')
    expect(rows.map(row => JSON.parse(row).version)).toEqual([1, 2])
    expect((await schemas('list')).stdout).toBe('orders-value\n')
    const got = await schemas('get', ...subject, '--schema-version', '1')
    expect(JSON.parse(got.stdout)).toEqual(JSON.parse(order()))

    expect((await schemas('compat', ...subject)).stdout).toBe('BACKWARD\n')
    const set = await schemas('compat', ...subject, '--set', 'NONE')
    expect(set).toMatchObject({ code: 0, stdout: 'NONE\n' })
    const gone = await schemas('delete', ...subject)
    expect(gone).toMatchObject({ code: 0, stdout: 'deleted orders-value version 1, 2\n' })
    expect((await schemas('list')).stdout).toBe('')
  })

  it('check without a registry, by a level', async () => {
    const against = ['schemas', 'check', '--against', first, '--schema']
    expect((await posthaste([...against, next])).code).toBe(0)
    const breaks = await posthaste([...against, breaking, '--level', 'FULL', '--json'])
    expect(breaks.code).toBe(1)
    expect(JSON.parse(breaks.stdout)).toMatchObject({
      compatible: false,
      reasons: [{ path: '/fields/1', type: 'READER_FIELD_MISSING_DEFAULT_VALUE' }],
    })
  })

  it.each([
    ['no schema at all', ['check', '--against', first, '--schema', noSchema], 2],
    ['a file that is not there', ['check', '--against', first, '--schema', '/none.avsc'], 2],
    ['an unknown kind', ['check', '--against', first, '--schema', folder], 2],
    ['nothing to check against', ['check', '--schema', first], 2],
    ['an unknown setting', ['list', '-X', 'request.timout.ms=3'], 2],
    ['no registry', ['list', '--registry', 'http://127.0.0.1:1', '-X', 'retries=0'], 3],
  ])('ends with its code: %s', async (_what, args, code) => {
    expect(await posthaste(['schemas', ...args])).toMatchObject({ code, stdout: '' })
  })
})

describe('broker, produce and consume with schemas', () => {
  const proto = file(
    'order.proto',
    'syntax = "proto3"; message Order { string id = 1; double amount = 2; }',
  )
  const json = file(
    'order.json',
    '{"type":"object","required":["id"],"properties":{"id":{"type":"string"}}}',
  )

  it('go there and back in each format; what does not fit fails alone, with its path', async () => {
    using broker = new Running([
      'broker',
      '--port',
      '0',
      '--registry-port',
      '0',
      '--data',
      join(folder, 'data'),
    ])
    const isReady = /^ready (\S+)\nregistry (\S+)\n/
    await waitFor('the broker to be ready', () => isReady.test(broker.stdout))
    const [, servers, url] = isReady.exec(broker.stdout)!
    const there = ['-b', servers!, '--registry', url!]
    for (const [topic, schema] of Object.entries({ avro: first, protobuf: proto, json })) {
      const stdin = '{"id":"a"}\n{"id":7}\n'
      const made = await posthaste(['produce', topic, ...there, '--value-schema', schema], {
        stdin,
      })
      expect(made).toMatchObject({ code: 1 })
      expect(made.stderr).toMatch(/line 2: .*does not fit its schema: .*id.*7/)
      expect(made.stderr).toContain('delivered 1, failed 1\n')
      const back = await posthaste(['consume', topic, ...there, '--from-beginning', '-e', '--json'])
      expect(back.code).toBe(0)
      const record = JSON.parse(back.stdout)
      expect(record).toMatchObject({ value: { id: 'a' }, schemaId: expect.any(Number) })
    }
    const ids = ['consume', 'avro', ...there, '--from-beginning', '-e', '--format', '%s %v\\n']
    expect((await posthaste(ids)).stdout).toMatch(/^[1-9]\d* \{"id":"a"\}\n$/)
    const refused = ['produce', 'avro', ...there, '--value-schema', breaking]
    const refusal = await posthaste(refused, { stdin: '{"id":"b","customer":"c"}\n' })
    expect(refusal.code).toBe(1)
    expect(refusal.stderr).toContain('INCOMPATIBLE_SCHEMA')
  })

  it('keys have schemas, too', async () => {
    await using cluster = await EmbeddedCluster.start()
    const there = ['-b', cluster.bootstrapServers, '--registry', registry.url]
    const customer = file(
      'customer.avsc',
      '{"type":"record","name":"C","fields":[{"name":"n","type":"int"}]}',
    )
    const text = file('text.avsc', '"string"')
    const inTab = ['produce', 'tabbed', ...there, '-k', '\\t', '--key-schema', customer]
    const tabbed = await posthaste(inTab, { stdin: '{"n":7}\tplain\nn\tbad\n{"n":"x"}\tworse\n' })
    expect(tabbed).toMatchObject({ code: 1 })
    expect(tabbed.stderr).toContain('line 2: has a key that is not JSON')
    expect(tabbed.stderr).toMatch(/line 3: the key of a record of tabbed .* does not fit .*n.*"x"/)
    const inField = ['produce', 'fielded', ...there, '--key-field', 'id', '--key-schema', text]
    const fielded = await posthaste([...inField, '--value-schema', first], {
      stdin: '{"id":"a"}\n',
    })
    expect(fielded).toMatchObject({ code: 0 })

    const subjects = (await schemas('list')).stdout.split('\n')
    expect(subjects).toEqual(expect.arrayContaining(['tabbed-key', 'fielded-key', 'fielded-value']))
    expect(subjects).not.toContain('tabbed-value')
    const back = await posthaste([
      ...['consume', 'fielded', ...there, '--key-schema', '--from-beginning', '-e', '--json'],
    ])
    const { key, value, keySchemaId, schemaId } = JSON.parse(back.stdout)
    expect({ key, value }).toEqual({ key: 'a', value: { id: 'a' } })
    expect(keySchemaId).toBeGreaterThan(0)
    expect(schemaId).not.toBe(keySchemaId)
  })

  it.each([
    ['a key schema without keys', ['produce', 't', '--key-schema', first], /no keys/],
    ['key schemas without a registry', ['consume', 't', '--key-schema'], /give --registry/],
    ['schema ids without a registry', ['consume', 't', '--format', '%s'], /give --registry/],
  ])('wrong usage: %s', async (_what, args, words) => {
    const { code, stderr } = await posthaste(args)
    expect(stderr).toMatch(words)
    expect(code).toBe(2)
  })
})
