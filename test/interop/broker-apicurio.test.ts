import { afterAll, beforeAll, expect, it } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { silentLogger } from '../../src/logger.ts'
import { readBack } from '../contract/read-back.ts'
import { describeWithApicurio, type Registry, startApicurio } from '../support/apicurio.ts'

const SCHEMAS = 20

/** A Java application that keeps all it knows in a topic, and reads it back when it starts. */
describeWithApicurio(
  'the embedded broker and Apicurio Registry, which keeps its data there',
  () => {
    let cluster: EmbeddedCluster
    beforeAll(async () => {
      cluster = await EmbeddedCluster.start({ brokers: 3, logger: silentLogger })
    })
    afterAll(() => cluster.stop())

    const start = () =>
      startApicurio({
        APICURIO_STORAGE_KIND: 'kafkasql',
        APICURIO_KAFKASQL_BOOTSTRAP_SERVERS: cluster.bootstrapServers,
      })

    it('has after a restart what was registered before', { timeout: 400_000 }, async () => {
      const first = await start()
      const ids: number[] = []
      for (let i = 0; i < SCHEMAS; i++) ids.push(await register(first, `subject-${i}`, i))
      ids.push(await register(first, 'subject-0', SCHEMAS))
      await ask(first, 'DELETE', '/subjects/subject-1')
      await first.stop()

      const second = await start()
      const subjects = await ask<string[]>(second, 'GET', '/subjects')
      const names = Array.from({ length: SCHEMAS }, (_, i) => `subject-${i}`)
      expect(subjects.sort()).toEqual(names.filter(name => name !== 'subject-1').sort())
      for (const [i, id] of ids.entries()) {
        if (i === 1) continue
        const { schema } = await ask<{ schema: string }>(second, 'GET', `/schemas/ids/${id}`)
        expect(JSON.parse(schema)).toEqual(schemaOf(i))
      }
      expect(await ask(second, 'GET', '/subjects/subject-0/versions')).toEqual([1, 2])
      // What comes later goes on from there.
      expect(ids).not.toContain(await register(second, 'later', 99))
      await second.stop()
      const journal = await readBack(cluster.bootstrapServers, 'kafkasql-journal')
      expect(journal.length).toBeGreaterThan(SCHEMAS)
      expect(cluster.counters.failedRequests).toBe(0)
    })
  },
)

const schemaOf = (i: number) => ({
  type: 'record',
  name: `Order${i}`,
  fields: [{ name: `field${i}`, type: 'string' }],
})

async function register(registry: Registry, subject: string, i: number): Promise<number> {
  const body = { schema: JSON.stringify(schemaOf(i)) }
  const path = `/subjects/${subject}/versions`
  const { id } = await ask<{ id: number }>(registry, 'POST', path, body)
  return id
}

async function ask<T>(registry: Registry, method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(registry.url + path, {
    method,
    ...(body && {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
  return JSON.parse(text)
}
