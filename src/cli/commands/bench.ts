import type { Command } from 'commander'
import { systemClock } from '../../base/clock.ts'
import { seededRandom } from '../../base/random.ts'
import {
  type Admin,
  adminOptions,
  Consumer,
  consumerOptions,
  orThrow,
  producerOptions,
  type TopicPartitionStart,
} from '../../index.ts'
import { wholeNumber } from '../arguments.ts'
import { asJson, type ConsumeFigures, type ProduceFigures, rowsOf } from '../bench/figures.ts'
import { payloads } from '../bench/payload.ts'
import { consumeAll, produceAll } from '../bench/phases.ts'
import { Complaints } from '../complaints.ts'
import { contact, unknownTopic } from '../contact.ts'
import { exitCodes, UsageError } from '../exit.ts'
import { Interrupt } from '../interrupt.ts'
import { type MetricsFlags, metricsOptions, startMetrics } from '../metrics.ts'
import { Output } from '../output.ts'
import { settingsFor, settingsIn } from '../settings.ts'
import { table, widthOf } from '../table.ts'

interface Flags extends MetricsFlags {
  readonly messages: number
  readonly size: number
  readonly topic?: string
  readonly partitions: number
  readonly replicationFactor?: number
  readonly compression?: string
  readonly acks?: string
  readonly linger?: string
  readonly consume?: boolean
  readonly keep?: boolean
}

/** So that two runs send the same bytes. */
const SEED = 20_261

const examples = `
Examples:
  posthaste bench
  posthaste bench --consume --messages 200000 --size 1000
  posthaste bench --compression zstd --linger 20 --json
  posthaste bench --topic staging-load --messages 50000
  posthaste bench -b broker:9093 --command-config client.properties -X batch.size=65536

Makes a topic of its own, and deletes it at the end. A topic that is there already is only written
to where --topic names it; the records then stay in it. CPU is that of this process, all threads.`

export function declare(command: Command): void {
  command
    .option('-n, --messages <n>', 'how many records', wholeNumber(1), 1_000_000)
    .option('-s, --size <bytes>', 'of each value', wholeNumber(0, 2 ** 28), 100)
    .option('-t, --topic <name>', 'an existing topic to write to, in place of an own one')
    .option('--partitions <n>', 'of its own topic', wholeNumber(1, 10_000), 6)
    .option('--replication-factor <n>', 'of its own topic', wholeNumber(1, 1_000))
    .option('--keep', 'do not delete its own topic')
    .option('-z, --compression <codec>', 'none, gzip, snappy, lz4 or zstd')
    .option('-a, --acks <acks>', 'who confirms: all, 1 (the leader), 0 (nobody)')
    .option('--linger <ms>', 'how long a batch waits for company')
    .option('--consume', 'read all of it back, too')
    .addHelpText('after', examples)
    .action(async () => {
      process.exitCode = await bench(command.optsWithGlobals<Flags>())
    })
  metricsOptions(command)
}

/** Measures, tells, and gives the exit code. */
async function bench(flags: Flags): Promise<number> {
  const { settings, reading } = bothSettings(flags)
  await using _ = await startMetrics(flags)
  let topic: string | undefined
  using interrupt = new Interrupt(() =>
    topic === undefined ? undefined : `posthaste: ended at once: the topic ${topic} is left`,
  )
  using admin = await contact(settings)
  topic = await topicFor(admin, flags)
  const complaints = new Complaints(line => process.stderr.write(`posthaste: ${line}\n`))
  const isLive = !flags.quiet
  try {
    const from = await endsOf(admin, topic, settings)
    const values = payloads(flags.size, seededRandom(SEED))
    const { messages } = flags
    const shared = { interrupt, isLive }
    const produced = await produceAll({ settings, topic, messages, values, complaints, ...shared })
    const isWhole = flags.consume && !interrupt.signal.aborted
    const consumed = isWhole
      ? await consumeAll({ settings: reading, from, expected: produced.records, ...shared })
      : undefined
    complaints.sumUp()
    await print(flags, produced, consumed)
    const isLost = consumed !== undefined && consumed.records < produced.records
    if (isLost && !interrupt.signal.aborted) {
      process.stderr.write(`posthaste: ${produced.records - consumed.records} were not read back\n`)
    }
    const isGood = produced.failed === 0 && !isLost
    return interrupt.exitCode ?? (isGood ? exitCodes.done : exitCodes.failed)
  } finally {
    if (flags.topic === undefined && !flags.keep) await admin.topics.delete([topic])
    else if (!flags.quiet) process.stderr.write(`the records are in the topic ${topic}\n`)
  }
}

/** What a measurement must not do in somebody's name: fence a producer, move on a group. */
const NOT_OURS = ['transactional.id', 'group.id', 'group.instance.id']

/** The settings of the producer and of the consumer, from the same places. */
function bothSettings(flags: Flags) {
  const all = settingsFor({ ...consumerOptions, ...producerOptions }, flags, ownSettings(flags))
  const given = Object.fromEntries(Object.entries(all).filter(([name]) => !NOT_OURS.includes(name)))
  return {
    settings: settingsIn(producerOptions, given),
    reading: settingsIn(consumerOptions, given),
  }
}

/** The topic that was named, which must be there, or a new one. */
async function topicFor(admin: Admin, flags: Flags): Promise<string> {
  if (flags.topic !== undefined) {
    const [result] = await admin.topics.describe([flags.topic])
    if (result?.is === 'failed' && result.error.code === 'UNKNOWN_TOPIC_OR_PARTITION') {
      throw await unknownTopic(admin, flags.topic)
    }
    if (result && orThrow(result).internal) {
      throw new UsageError(`${flags.topic} is a topic of Kafka itself`, 'name another, or none')
    }
    return flags.topic
  }
  const name = `posthaste-bench-${systemClock.epoch().toString(36)}`
  const { partitions, replicationFactor } = flags
  const made = await admin.topics.create([{ name, partitions, replicationFactor }])
  for (const each of made) orThrow(each)
  return name
}

/** Where each partition ends now, which is where reading back begins. */
async function endsOf(
  admin: Admin,
  topic: string,
  settings: Readonly<Record<string, unknown>>,
): Promise<TopicPartitionStart[]> {
  const [described] = await admin.topics.describe([topic])
  const places = orThrow(described!).partitions.map(({ partition }) => ({ topic, partition }))
  await using consumer = new Consumer(settingsIn(adminOptions, settings))
  return await consumer.listOffsets(places.map(each => ({ ...each, offset: 'latest' as const })))
}

async function print(
  flags: Flags,
  produced: ProduceFigures,
  consumed: ConsumeFigures | undefined,
): Promise<void> {
  const out = new Output(process.stdout)
  if (flags.json) {
    out.json(asJson('produce', produced))
    if (consumed) out.json(asJson('consume', consumed))
  } else {
    const columns = [
      { heading: 'figure' },
      { heading: 'produce', numbers: true },
      { heading: 'consume', numbers: true },
    ]
    const shown = columns.slice(0, consumed ? 3 : 2)
    const cells = rowsOf(produced, consumed).map(row => row.slice(0, shown.length))
    for (const line of table(shown, cells, widthOf(process.stdout))) out.line(line)
  }
  await out.end()
}

function ownSettings({ acks, compression, linger }: Flags): Record<string, string> {
  return {
    ...(acks !== undefined && { acks }),
    ...(compression !== undefined && { 'compression.type': compression }),
    ...(linger !== undefined && { 'linger.ms': linger }),
  }
}
