/**
 * A partitioner of one's own: what is urgent gets the last partition for itself, and a reader that
 * is never behind. All else goes where Java's producer would put it among the others.
 *
 *     npx tsx examples/priority-partitioner.ts
 */
import { EmbeddedCluster } from '../src/broker/index.ts'
import { javaPartition, type PartitionFunction, Producer } from '../src/index.ts'

const priority: PartitionFunction = ({ key }, partitions) => {
  const last = partitions.length - 1
  return String(key).startsWith('urgent:') ? last : javaPartition(String(key), last)
}

export async function main(print: (line: string) => void): Promise<void> {
  await using cluster = await EmbeddedCluster.start({ defaultPartitions: 4 })
  await using producer = new Producer({
    'bootstrap.servers': cluster.bootstrapServers,
    partitioner: priority,
  })
  const keys = ['ada', 'urgent:bob', 'cleo', 'urgent:dan', 'eve', 'finn', 'gus']
  const reports = await Promise.all(keys.map(key => producer.send({ topic: 'tickets', key })))
  for (const partition of [0, 1, 2, 3]) {
    const there = reports.filter(report => report.partition === partition)
    print(`partition ${partition}: ${there.map(report => report.key).join(', ') || '–'}`)
  }
}

if (process.argv[1] === import.meta.filename) await main(console.log)
