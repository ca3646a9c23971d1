import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Producer, type ProducerStats } from '../../src/index.ts'
import { root } from '../support/cache.ts'
import { freshName, onBothClusters } from './clusters.ts'

/** The fields that docs/statistics.md tells of. */
const page = readFileSync(join(root, 'docs/statistics.md'), 'utf8')
const documented = Array.from(page.matchAll(/^\| `([\w.*]+)` \|/gm), ([, field]) => field!)

const windowFields = ['avg', 'cnt', 'max', 'min', 'p50', 'p90', 'p99', 'sum']

/** Every field of an event as the document names it; each number must be one. */
function fieldsOf(value: unknown, path: readonly string[] = []): string[] {
  if (typeof value !== 'object' || value === null) {
    expect(['string', 'number'], path.join('.')).toContain(typeof value)
    expect(value, path.join('.')).not.toBeNaN()
    return [path.join('.')]
  }
  const keys = Object.keys(value).toSorted()
  if (keys.join() === windowFields.join()) return [path.join('.')]
  const named = ['brokers', 'topics', 'partitions'].includes(path.at(-1) ?? '')
  return Object.entries(value).flatMap(([key, each]) =>
    fieldsOf(each, [...path, named ? '*' : key]),
  )
}

onBothClusters('the stats event of a producer', cluster => {
  test('has the fields that are documented, no more and no fewer, and counts right', async () => {
    const topic = freshName('stats')
    await using producer = new Producer({
      'bootstrap.servers': cluster().bootstrapServers,
      'client.id': 'counted',
      'statistics.interval.ms': 100,
    })
    await producer.sendBatch(Array.from({ length: 30 }, (_, i) => ({ topic, value: `${i}` })))
    const stats = await new Promise<ProducerStats>(heard => producer.on('stats', heard))
    expect([...new Set(fieldsOf(stats))].toSorted()).toEqual(documented.toSorted())
    expect(JSON.parse(JSON.stringify(stats))).toEqual(stats)
    expect(stats).toMatchObject({ client_id: 'counted', type: 'producer', msg_cnt: 0, txmsgs: 30 })
    expect(stats.batchcnt.sum).toBe(30)
    expect(Object.values(stats.brokers).reduce((sum, { rtt }) => sum + rtt.cnt, 0)).toBe(stats.tx)
  })
})
