import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { describeWithPython, pythonWithClients, runPython } from '../python/venv.ts'

const script = join(import.meta.dirname, 'broker-python.py')
const SLOW = { timeout: 240_000 }
const copyScript = join(import.meta.dirname, 'broker-copy.py')

describeWithPython('the embedded broker and the Python clients', () => {
  let dataDir: string
  beforeAll(pythonWithClients)
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'posthaste-python-'))
  })
  afterEach(() => rm(dataDir, { recursive: true }))

  it('lets each read what each wrote, in every codec', SLOW, async () => {
    await using cluster = await EmbeddedCluster.start({ brokers: 2 })
    const { code, stdout, stderr } = await runPython(script, [cluster.bootstrapServers])
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toHaveLength(2 * 5 * 2)
    expect(cluster.counters.rejectedConnections).toBe(0)
    expect(cluster.counters.failedRequests).toBe(0)
  })

  it('keeps it over a restart in a data folder', SLOW, async () => {
    const first = await EmbeddedCluster.start({ dataDir })
    const written = await runPython(script, [first.bootstrapServers, 'write'])
    await first.stop()
    expect(written).toMatchObject({ code: 0, stderr: '' })
    await using second = await EmbeddedCluster.start({ dataDir })
    const { code, stdout, stderr } = await runPython(script, [second.bootstrapServers, 'read'])
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toHaveLength(2 * 5 * 2)
  })

  it('lets each copy in transactions with groups, and administer', SLOW, async () => {
    await using cluster = await EmbeddedCluster.start({ brokers: 3 })
    const { code, stdout, stderr } = await runPython(copyScript, [cluster.bootstrapServers])
    expect(stderr).toBe('')
    expect(code).toBe(0)
    const numbers = Array.from({ length: 90 }, (_, i) => i)
    const offsets = (topic: string) => [0, 1].map(partition => [topic, partition, 45])
    expect(JSON.parse(stdout)).toEqual({
      confluent: numbers,
      python: numbers,
      topics: ['confluent-in', 'confluent-out', 'python-in', 'python-out'],
      offsets: { confluent: offsets('confluent-in'), python: offsets('python-in') },
      // The reader commits as it closes, though nobody ever joined its group.
      groups: [
        ['confluent', 'EMPTY'],
        ['none', 'EMPTY'],
        ['python', 'EMPTY'],
      ],
      groups_left: 1,
      topics_left: [],
    })
    expect(cluster.counters.failedRequests).toBe(0)
  })
})
