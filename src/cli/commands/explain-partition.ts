import type { Command } from 'commander'
import { keyPartition, type PartitionerName } from '../../index.ts'
import { unescaped, wholeNumber } from '../arguments.ts'
import { Output } from '../output.ts'
import type { CommonFlags } from '../settings.ts'
import { table, widthOf } from '../table.ts'

interface Flags extends CommonFlags {
  readonly key: string
  readonly partitions: number
}

/** The algorithms that place keys, and whose default each is. */
const algorithms: readonly { readonly name: PartitionerName; readonly usedBy: string }[] = [
  { name: 'murmur2', usedBy: 'posthaste, Java, kafka-python, aiokafka, kafkajs, franz-go' },
  { name: 'murmur2_random', usedBy: 'librdkafka when set so; keys go where Java puts them' },
  { name: 'consistent_random', usedBy: 'librdkafka: confluent-kafka, node-rdkafka, kcat' },
  { name: 'consistent', usedBy: 'librdkafka when set so' },
  { name: 'fnv1a', usedBy: 'Sarama; librdkafka when set so' },
]

const examples = `
Examples:
  posthaste explain-partition --key user-7 --partitions 6
  posthaste explain-partition --key user-7 --partitions 6 --json

Two programs that produce to one topic must agree on the algorithm, or equal keys lie apart.
Set the one that you want with -X partitioner=consistent_random, or in the program.`

export function declare(command: Command): void {
  command
    .requiredOption('-k, --key <key>', 'the key, as UTF-8 text', unescaped)
    .requiredOption('-p, --partitions <n>', 'of the topic', wholeNumber(1, 1_000_000))
    .addHelpText('after', examples)
    .action(async () => explain(command.optsWithGlobals<Flags>()))
}

async function explain({ key, partitions, json }: Flags): Promise<void> {
  const out = new Output(process.stdout)
  const rows = algorithms.map(({ name, usedBy }) => ({
    algorithm: name,
    partition: keyPartition(name, key, partitions) ?? null,
    usedBy,
  }))
  if (json) {
    for (const row of rows) out.json(row)
  } else {
    const columns = [
      { heading: 'algorithm' },
      { heading: 'partition', numbers: true },
      { heading: 'the default of' },
    ]
    const cells = rows.map(row => [row.algorithm, row.partition ?? 'any', row.usedBy])
    for (const line of table(columns, cells, widthOf(process.stdout))) out.line(line)
  }
  await out.end()
}
