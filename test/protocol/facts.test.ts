import { describe, expect, test } from 'vitest'
import { coverageReport } from '../../scripts/coverage-report.ts'
import { apis, arbitrary, ERROR_TABLE, encodeRequest } from '../../src/protocol/index.ts'
import { type AnyField, defaultOf, type Shape } from '../../src/protocol/schema/field.ts'
import { againstJava } from './java.ts'
import { toKafkaJson } from './kafka-json.ts'
import { declared } from './messages.ts'
import type { KafkaField } from './oracle.ts'

// What bytes alone do not show: defaults, what may be dropped, version ranges, headers, errors.
againstJava("the declarations' facts, against Java", oracle => {
  describe('fields', () => {
    test.each(declared())('$kafkaName', async ({ kafkaName, message }) => {
      const [min, max] = message.versions
      const range = Array.from({ length: max - min + 1 }, (_, i) => min + i)
      const theirs = theirFacts(await oracle().describe(kafkaName), range)
      const droppable = new Map(theirs.map(fact => [fact.path, fact.ignorable]))
      const ours = ourFacts(message.shape, range).map(fact => ({
        ...fact,
        ignorable: droppable.get(fact.path) === undefined ? undefined : fact.ignorable,
      }))
      expect(ours).toStrictEqual(theirs)
    })
  })

  test('versions of every API', async () => {
    const theirs = new Map((await oracle().apis()).map(api => [api.key, api]))
    for (const api of apis) {
      const { name, min, max } = theirs.get(api.key)!
      expect([api.name, ...api.versions]).toEqual([name, min, max])
    }
  })

  test('headers of every API and version', async () => {
    for (const { key, requestHeaders, min, responseHeaderAtMax } of await oracle().apis()) {
      const api = apis.find(known => known.key === key)
      if (!api) continue
      const flexible = api.flexible ?? Number.POSITIVE_INFINITY
      const ours = requestHeaders.map((_, i) => (min + i >= flexible ? 2 : 1))
      expect(ours, api.name).toEqual(requestHeaders)
      const tagged = api.name !== 'ApiVersions' && api.flexible !== undefined
      expect(tagged ? 1 : 0, api.name).toBe(responseHeaderAtMax)
    }
  })

  test('whole requests, header and all', async () => {
    for (const api of apis) {
      for (const clientId of ['orders-ключ', null]) {
        const version = clientId === null ? api.versions[0] : api.versions[1]
        const message = arbitrary(api.request, version, 7)
        const frame = encodeRequest(api, version, 2 ** 31 - 1, clientId, message)
        const { shape } = api.request
        const json = toKafkaJson(shape, api.request.dialect(version), message)
        const correlationId = 2 ** 31 - 1
        const theirs = await oracle().frame({
          api: api.key,
          version,
          correlationId,
          clientId,
          json,
        })
        expect(Buffer.concat(frame).toString('hex'), api.name).toBe(theirs.toString('hex'))
      }
    }
  })

  test('the error table', async () => {
    const ours = ERROR_TABLE.map(({ text: _, ...entry }) => entry)
    const byCode = (a: { code: number }, b: { code: number }) => a.code - b.code
    expect(ours.toSorted(byCode)).toEqual((await oracle().errors()).toSorted(byCode))
  })

  test('docs/api-coverage.md is up to date (npm run docs:api)', async () => {
    const { written, fresh } = await coverageReport(await oracle().apis())
    expect(written).toBe(fresh)
  })
})

interface Fact {
  readonly path: string
  readonly type: string
  readonly versions: readonly number[]
  readonly nullable: readonly number[]
  readonly tag: number | undefined
  readonly fallback: string | boolean | null
  readonly ignorable: boolean | undefined
}

function ourFacts(shape: Shape, range: readonly number[], prefix = ''): Fact[] {
  return Object.entries(shape).flatMap(([name, field]) => {
    const { kind, tag, ignorable } = field.plan
    const item = kind.is === 'array' ? kind.of.plan.kind : kind
    const versions = range.filter(version => field.existsIn(version))
    const path = prefix + name
    const fact: Fact = {
      path,
      type: kind.is === 'array' ? `${wireType(item.is)}[]` : wireType(item.is),
      versions,
      nullable: versions.filter(version => field.nullableIn(version)),
      tag,
      fallback: fallbackText(field),
      ignorable,
    }
    return [fact, ...(item.is === 'struct' ? ourFacts(item.shape, versions, `${path}.`) : [])]
  })
}

function wireType(is: string): string {
  return is === 'bigint64' ? 'int64' : is
}

function fallbackText(field: AnyField): string | boolean | null {
  // Java's classes hold null for records that nobody set, whether they may be null or not.
  if (field.plan.kind.is === 'records') return null
  const fallback = defaultOf(field)
  if (typeof fallback === 'boolean' || fallback === null) return fallback
  return typeof fallback === 'object' ? 'empty' : String(fallback)
}

function theirFacts(fields: readonly KafkaField[], range: readonly number[], prefix = ''): Fact[] {
  return fields.flatMap(field => {
    const versions = field.versions.filter(version => range.includes(version))
    if (versions.length === 0) return [] // of versions that Kafka does not offer yet
    const path = prefix + field.name
    const fact: Fact = {
      path,
      type: field.array ? `${field.type}[]` : field.type,
      versions,
      nullable: field.nullable.filter(version => versions.includes(version)),
      tag: field.tag,
      fallback: field.type === 'float64' ? String(Number(field.default)) : field.default,
      ignorable: field.ignorable,
    }
    return [fact, ...theirFacts(field.fields ?? [], versions, `${path}.`)]
  })
}
