import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { RegistryError, SchemaRegistryClient } from '../../src/registry/index.ts'

export interface ContractRegistry {
  readonly url: string
  stop(): Promise<void>
}

/** Where a registry differs from what Confluent documents; the client gets along with each. */
export interface Differences {
  /**
   * Whether it looks at schemas at all: parses and compares them, lists their kinds, and keeps what
   * is deleted softly or referred to. A fake takes everything.
   */
  readonly judges: boolean
  /** Whether the reasons come with a compatibility test, or with the refusal alone. */
  readonly verboseReasons: boolean
  /** Whether schemas have GUIDs. */
  readonly guids: boolean
  /** Whether deleting a subject also counts versions that were deleted before. */
  readonly countsDeletedTwice: boolean
  /** What holds for a subject once its own compatibility is deleted, under BACKWARD. */
  readonly compatibilityOnceDeleted: 'BACKWARD' | 'NONE'
}

const record = (...fields: unknown[]) => ({
  schema: JSON.stringify({ type: 'record', name: 'Order', namespace: 'shop', fields }),
})
const id = { name: 'id', type: 'string' }
const count = { name: 'count', type: 'int', default: 0 }
const required = { name: 'state', type: 'string' }

/** What the client promises of any registry, on a real one. */
export function registryContract(
  start: () => Promise<ContractRegistry>,
  differences: Differences,
): void {
  let registry: ContractRegistry
  let client: SchemaRegistryClient
  let number = 0
  let subject = ''

  beforeAll(async () => {
    registry = await start()
    client = clientOf(registry.url)
    await client.setConfig({ compatibility: 'BACKWARD' })
  }, 300_000)
  afterAll(async () => {
    client?.close()
    await registry?.stop()
  })
  beforeEach(() => {
    subject = `contract-${number++}-value`
  })

  describe('registering', () => {
    test('gives an id and version, the same for the same schema', async () => {
      const first = await client.register(subject, record(id))
      expect(first).toMatchObject({ subject, version: 1, schemaType: 'AVRO', ...record(id) })
      const second = await client.register(subject, record(id, count))
      expect(second.version).toBe(2)
      expect(second.id).not.toBe(first.id)
      const fresh = clientOf(registry.url)
      expect((await fresh.register(subject, record(id))).id).toBe(first.id)
      expect((await fresh.latest(subject)).version).toBe(2)
      expect(await fresh.versions(subject)).toEqual([1, 2])
    })

    if (differences.judges) {
      test('is refused where it would break readers, with reason and path', async () => {
        await client.register(subject, record(id))
        const error = await failure(client.register(subject, record(id, required)))
        expect(error.code).toBe('INCOMPATIBLE_SCHEMA')
        expect(error.retriable).toBe(false)
        expect(error.where).toMatchObject({ subject, status: 409 })
        expect(error.incompatibilities.length).toBeGreaterThan(0)
        expect(error.incompatibilities.join()).toMatch(/state|\/fields\/1/)
        for (const reason of error.incompatibilities) expect(error.message).toContain(reason)
        expect(await client.versions(subject)).toEqual([1])
      })

      test('is refused where the text is no schema', async () => {
        const error = await failure(client.register(subject, { schema: '{"type":"record"}' }))
        expect(error.code).toBe('INVALID_SCHEMA')
        expect(error.message).toContain(subject)
      })
    }

    test('takes every kind of schema', async () => {
      const json = {
        schemaType: 'JSON',
        schema: '{"$schema":"http://json-schema.org/draft-07/schema#"}',
      } as const
      const proto = {
        schemaType: 'PROTOBUF',
        schema: 'syntax = "proto3"; message A { string id = 1; }',
      } as const
      const fresh = clientOf(registry.url)
      for (const [at, schema] of [json, proto].entries()) {
        const made = await client.register(`${subject}-${at}`, schema)
        const found = await fresh.schemaById(made.id)
        expect(found.schemaType).toBe(schema.schemaType)
      }
    })

    if (differences.judges) {
      test('names the kinds of schema that it takes', async () => {
        expect((await client.schemaTypes()).sort()).toEqual(['AVRO', 'JSON', 'PROTOBUF'])
      })
    }

    test('keeps references', async () => {
      const money = await client.register(`${subject}-money`, {
        schema: JSON.stringify({ type: 'record', name: 'shop.Money', fields: [id] }),
      })
      const reference = { name: 'shop.Money', subject: money.subject, version: 1 }
      const made = await client.register(subject, {
        ...record({ name: 'price', type: 'shop.Money' }),
        references: [reference],
      })
      const fresh = clientOf(registry.url)
      expect((await fresh.schemaById(made.id)).references).toEqual([reference])
      expect((await fresh.latest(subject)).references).toEqual([reference])
      expect(await fresh.referencedBy(money.subject, 1)).toEqual([made.id])
      const missing = { ...reference, version: 9 }
      const wrong = { ...record({ name: 'price', type: 'shop.Money' }), references: [missing] }
      expect((await failure(client.register(`${subject}-x`, wrong))).code).toBe('INVALID_SCHEMA')
    })
  })

  describe('finding', () => {
    test('a schema by id, with its subjects and versions', async () => {
      const made = await client.register(subject, record(id))
      const fresh = clientOf(registry.url)
      expect(await fresh.schemaById(made.id)).toMatchObject({ id: made.id, ...record(id) })
      expect(await fresh.subjectsOfId(made.id)).toContain(subject)
      expect(await fresh.versionsOfId(made.id)).toContainEqual({ subject, version: 1 })
    })

    test('a schema by its text', async () => {
      const made = await client.register(subject, record(id))
      const fresh = clientOf(registry.url)
      expect(await fresh.lookup(subject, record(id))).toMatchObject({ subject, id: made.id })
      const error = await failure(fresh.lookup(subject, record(id, count)))
      expect(error.code).toBe('SCHEMA_NOT_FOUND')
      const unknown = await failure(fresh.lookup(`${subject}-none`, record(id)))
      expect(unknown.code).toBe('SUBJECT_NOT_FOUND')
    })

    test('nothing, and says what was looked for and where', async () => {
      const byId = await failure(client.schemaById(987_654))
      expect(byId).toMatchObject({ code: 'SCHEMA_NOT_FOUND', where: { id: 987_654, status: 404 } })
      expect(byId.message).toContain('987654')
      expect(byId.message).toContain(registry.url)
      expect((await failure(client.versions(subject))).code).toBe('SUBJECT_NOT_FOUND')
      expect((await failure(client.latest(subject))).code).toBe('SUBJECT_NOT_FOUND')
      await client.register(subject, record(id))
      const version = await failure(client.version(subject, 7))
      expect(version.code).toBe('VERSION_NOT_FOUND')
      const guid = await failure(client.schemaByGuid('0f8fad5b-d9cb-469f-a165-70867728950e'))
      expect(guid.where.status).toBe(404)
    })

    test('subjects by their prefix', async () => {
      await client.register(subject, record(id))
      await client.register(`other-${subject}`, record(id))
      expect(await client.subjects({ prefix: subject })).toEqual([subject])
      expect(await client.subjects()).toContain(`other-${subject}`)
    })

    test('names of any letters', async () => {
      const odd = `${subject} grüße/ü?#%`
      await client.register(odd, record(id))
      expect(await client.versions(odd)).toEqual([1])
      expect(await client.subjects({ prefix: odd })).toEqual([odd])
    })
  })

  describe('compatibility', () => {
    if (differences.judges) {
      test('is tested without registering', async () => {
        await client.register(subject, record(id))
        const good = await client.testCompatibility(subject, record(id, count))
        expect(good).toEqual({ compatible: true, messages: [] })
        const bad = await client.testCompatibility(subject, record(id, required))
        expect(bad.compatible).toBe(false)
        if (differences.verboseReasons) expect(bad.messages.join()).toMatch(/state|\/fields\/1/)
        else expect(bad.messages).toEqual([])
        const all = await client.testCompatibility(subject, record(id, required), {
          version: 'all',
        })
        expect(all.compatible).toBe(false)
        expect(await client.versions(subject)).toEqual([1])
      })
    }

    test('is set for a subject over the registry', async () => {
      await client.register(subject, record(id))
      expect(await client.config(subject)).toMatchObject({ compatibility: 'BACKWARD' })
      await client.setConfig({ compatibility: 'NONE' }, subject)
      expect(await client.config(subject)).toMatchObject({ compatibility: 'NONE' })
      expect(await client.config()).toMatchObject({ compatibility: 'BACKWARD' })
      expect((await client.register(subject, record(required))).version).toBe(2)
      await client.deleteConfig(subject)
      const compatibility = differences.compatibilityOnceDeleted
      expect(await client.config(subject)).toMatchObject({ compatibility })
    })
  })

  describe('deleting', () => {
    test('takes a version away', async () => {
      await client.register(subject, record(id))
      await client.register(subject, record(id, count))
      expect(await client.deleteVersion(subject, 1)).toBe(1)
      expect(await client.versions(subject)).toEqual([2])
      expect(await client.deleteSubject(subject)).toContain(2)
      expect((await failure(client.versions(subject))).code).toBe('SUBJECT_NOT_FOUND')
    })

    if (differences.judges) {
      test('keeps a schema readable until it is permanent', async () => {
        const made = await client.register(subject, record(id))
        await client.register(subject, record(id, count))
        const early = await failure(client.deleteSubject(subject, { permanent: true }))
        expect(early.code).toBe('SUBJECT_NOT_SOFT_DELETED')
        expect(await client.deleteVersion(subject, 2)).toBe(2)
        expect(await client.versions(subject)).toEqual([1])
        const gone = differences.countsDeletedTwice ? [1, 2] : [1]
        expect(await client.deleteSubject(subject)).toEqual(gone)
        expect(await client.subjects({ prefix: subject })).toEqual([])
        expect((await client.schemaById(made.id)).schema).toBe(record(id).schema)
        expect(await client.subjects({ prefix: subject, deleted: true })).toEqual([subject])
        await client.deleteSubject(subject, { permanent: true })
        expect(await client.subjects({ prefix: subject, deleted: true })).toEqual([])
      })

      test('is refused for what others refer to', async () => {
        const money = `${subject}-money`
        const schema = JSON.stringify({ type: 'record', name: 'shop.Money', fields: [id] })
        await client.register(money, { schema })
        const references = [{ name: 'shop.Money', subject: money, version: 1 }]
        await client.register(subject, { ...record({ name: 'a', type: 'shop.Money' }), references })
        expect((await failure(client.deleteVersion(money, 1))).code).toBe('REFERENCE_EXISTS')
      })
    }
  })

  test('the mode is that of the registry where a subject has none', async () => {
    expect(await client.mode()).toBe('READWRITE')
    expect(await client.mode(subject)).toBe('READWRITE')
    expect(await client.contexts()).toContainEqual(expect.stringMatching(/^:?\.:?$/))
  })

  if (differences.guids) {
    test('a schema has a GUID, by which it is found', async () => {
      const { guid } = await client.register(subject, record(id))
      expect(guid).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/)
      const fresh = clientOf(registry.url)
      expect(await fresh.schemaByGuid(guid ?? '')).toMatchObject(record(id))
    })
  }
}

/** Patient: a registry in a JVM that has just begun takes its time on a busy machine. */
function clientOf(url: string): SchemaRegistryClient {
  const patience = { retries: 0, 'request.timeout.ms': 45_000 }
  return new SchemaRegistryClient({ 'schema.registry.url': url, ...patience })
}

/** The RegistryError that a call ends with. */
async function failure(call: Promise<unknown>): Promise<RegistryError> {
  const error: unknown = await call.then(
    () => new Error('it should have failed'),
    reason => reason,
  )
  if (error instanceof RegistryError) return error
  throw error
}
