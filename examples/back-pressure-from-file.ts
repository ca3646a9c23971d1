/**
 * A file that is larger than the buffer: where produce() gives false, drain() is waited for, the
 * file is read no further meanwhile, and memory stays where it is however long the file.
 *
 *     npx tsx examples/back-pressure-from-file.ts
 */
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EmbeddedCluster } from '../src/broker/index.ts'
import { Producer } from '../src/index.ts'

const LINES = 50_000
const BUFFER = 256 * 1024

export async function main(print: (line: string) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'posthaste-example-'))
  const path = join(folder, 'readings.csv')
  const line = (i: number) => `sensor-${i % 50},${i},${'0'.repeat(20)}`
  await writeFile(path, Array.from({ length: LINES }, (_, i) => line(i)).join('\n'))

  await using cluster = await EmbeddedCluster.start({ defaultPartitions: 3 })
  await using producer = new Producer({
    'bootstrap.servers': cluster.bootstrapServers,
    'buffer.memory': BUFFER,
    'batch.size': 16_384,
  })
  let most = 0
  let waits = 0
  const file = await open(path)
  for await (const value of file.readLines()) {
    const key = value.slice(0, value.indexOf(','))
    const isRoomy = producer.produce({ topic: 'readings', key, value })
    most = Math.max(most, producer.metrics().queueBytes)
    if (isRoomy) continue
    waits++
    await producer.drain()
  }
  await producer.flush()
  print(`${producer.metrics().recordsDelivered} lines delivered`)
  print(`waited for space: ${waits > 0}; never held more than 256 KiB: ${most <= BUFFER}`)
  await rm(folder, { recursive: true })
}

if (process.argv[1] === import.meta.filename) await main(console.log)
