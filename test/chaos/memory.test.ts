import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { root } from '../support/cache.ts'
import { freePorts } from '../support/ports.ts'
import { waitFor } from '../support/wait.ts'

const SECONDS = Number(process.env.CHAOS_SECONDS ?? 20)
const MiB = 1024 * 1024
const BUFFER_MEMORY = 32 * MiB

interface Reading {
  /** What the system has given the process. */
  readonly rss: number
  /** What the program holds after a collection: the heap, and buffers outside of it. */
  readonly held: number
  readonly refused: number
  readonly delivered: number
}

test(
  'a program that produces for ever without a broker stays within its buffer, and resumes',
  async () => {
    // Not one of the ports that connections get, so that nobody takes it while the broker is gone.
    const [port = 0] = await freePorts(1)
    await using cluster = await EmbeddedCluster.start({ port, defaultPartitions: 12 })
    const program = spawn(
      process.execPath,
      [
        ...['--expose-gc', '--import', 'tsx', join(root, 'test/chaos/memory-program.ts')],
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
      // What was printed before may be read only now, and a buffer that was full for a moment may
      // have been emptied again: so a reading counts if nothing more was ever delivered since the
      // one before, and something was refused.
      const filled = () =>
        readings.filter(({ refused, delivered }, i) => {
          const before = readings[i - 1]
          const isGone = before?.delivered === readings.at(-1)!.delivered
          return isGone && delivered === before?.delivered && refused > before.refused
        })
      await waitFor('a full buffer', () => filled().length > 0)
      await pause(SECONDS * 1_000)
      await waitFor('two readings of a full buffer', () => filled().length > 1)
      const [first] = filled() as [Reading]
      const most = (of: 'rss' | 'held') => Math.max(...filled().map(reading => reading[of]))
      expect(most('held') - start.held).toBeLessThan(BUFFER_MEMORY * 1.5)
      expect(most('held') - first.held).toBeLessThan(MiB)
      expect(most('rss') - start.rss).toBeLessThan(BUFFER_MEMORY * 4)
      expect(readings.at(-1)!.refused).toBeGreaterThan(first.refused)
      const told = { start, full: first, rss: most('rss'), held: most('held') }
      const wanted = first.delivered + 50_000
      await cluster.brokers[0]!.start()
      program.stdin.write('back\n')
      await waitFor('deliveries', () => readings.at(-1)!.delivered >= wanted)
      process.stderr.write(`${JSON.stringify({ ...told, last: readings.at(-1) })}\n`)
    } finally {
      program.kill('SIGKILL')
    }
  },
  (SECONDS + 120) * 1_000,
)
