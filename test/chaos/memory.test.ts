import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { root } from '../support/cache.ts'
import { waitFor } from '../support/wait.ts'

const SECONDS = Number(process.env.CHAOS_SECONDS ?? 20)
const BUFFER_MEMORY = 32 * 1024 * 1024

interface Reading {
  readonly rss: number
  readonly refused: number
  readonly delivered: number
}

test(
  'a program that produces for ever without a broker stays within its buffer, and resumes',
  async () => {
    await using cluster = await EmbeddedCluster.start({ defaultPartitions: 12 })
    const program = spawn(
      process.execPath,
      [
        ...['--import', 'tsx', join(root, 'test/chaos/memory-program.ts')],
        ...[cluster.bootstrapServers, String(BUFFER_MEMORY)],
      ],
      { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] },
    )
    const readings: Reading[] = []
    createInterface({ input: program.stdout }).on('line', line => readings.push(JSON.parse(line)))
    try {
      await waitFor('the program', () => readings.length > 0)
      const start = readings[0]!
      await cluster.brokers[0]!.stop()
      await waitFor('a full buffer', () => readings.some(({ refused }) => refused > 0))
      await pause(SECONDS * 1_000)
      const filled = readings.filter(({ refused }) => refused > 0)
      const first = filled[0]!
      const most = Math.max(...filled.map(({ rss }) => rss))
      expect(most - start.rss).toBeLessThan(BUFFER_MEMORY * 1.5)
      expect(readings.at(-1)!.refused).toBeGreaterThan(first.refused)
      await cluster.brokers[0]!.start()
      program.stdin.write('back\n')
      await waitFor('deliveries', () => (readings.at(-1)?.delivered ?? 0) >= 50_000)
      process.stderr.write(
        `${JSON.stringify({ start: start.rss, full: first.rss, most, last: readings.at(-1) })}\n`,
      )
    } finally {
      program.kill('SIGKILL')
    }
  },
  (SECONDS + 120) * 1_000,
)
