import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { Producer } from '../../src/index.ts'
import { root } from '../support/cache.ts'

const MESSAGES = Number(process.env.CHAOS_MESSAGES ?? 1_000_000)
const MiB = 1024 * 1024

interface Reading {
  readonly count: number
  /** What the system has given the process, and what that holds after a collection. */
  readonly rss: number
  readonly held: number
  readonly bufferedBytes: number
  /** What is held beside the buffered: how much waits is up to how fast the broker just was. */
  readonly beside: number
}

test(
  'a slow handler: what waits is bounded, and memory stays flat however many come',
  async () => {
    await using cluster = await EmbeddedCluster.start({ defaultPartitions: 6 })
    await fill(cluster.bootstrapServers)
    const readings: Reading[] = []
    const program = spawn(
      process.execPath,
      [
        ...['--expose-gc', '--import', 'tsx', join(root, 'test/chaos/slow-reader-program.ts')],
        ...[cluster.bootstrapServers, 'slow', String(MESSAGES)],
      ],
      { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
    )
    createInterface({ input: program.stdout }).on('line', line => {
      const reading = JSON.parse(line)
      readings.push({ ...reading, beside: reading.held - reading.bufferedBytes })
    })
    await once(program, 'close')
    expect(readings.at(-1)?.count).toBe(MESSAGES)
    const half = readings.length / 2
    const most = (of: 'rss' | 'beside', from: number, to: number) =>
      Math.max(...readings.slice(from, to).map(reading => reading[of])) / MiB
    const warm = { rss: most('rss', half / 2, half), beside: most('beside', half / 2, half) }
    const late = { rss: most('rss', half, half * 2), beside: most('beside', half, half * 2) }
    const buffered = Math.max(...readings.map(({ bufferedBytes }) => bufferedBytes)) / MiB
    const figures = { messages: MESSAGES, warm, late, buffered }
    process.stderr.write(`${JSON.stringify(figures, (_, value) => rounded(value))}\n`)
    // One fetch of a batch for each partition may come on top of the limit.
    expect(buffered).toBeLessThan(8 + 6)
    expect(late.beside - warm.beside).toBeLessThan(8 + 6)
    expect(late.rss - warm.rss).toBeLessThan(64)
  },
  60_000 + MESSAGES / 5,
)

/** Values that compress well, so that ten million of them fit into this process. */
async function fill(bootstrapServers: string): Promise<void> {
  await using producer = new Producer({
    'bootstrap.servers': bootstrapServers,
    'compression.type': 'lz4',
    'batch.size': 131_072,
    'linger.ms': 10,
  })
  for (let i = 0; i < MESSAGES; i++) {
    const value = `{"id":${i},"note":"${'all work and no play '.repeat(8)}"}`
    if (!producer.produce({ topic: 'slow', key: `user-${i % 1000}`, value })) await producer.drain()
  }
  await producer.flush()
}

function rounded(value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value) : value
}
