import type { Command } from 'commander'
import {
  type Admin,
  adminOptions,
  Consumer,
  consumerOptions,
  type Deserializers,
  orThrow,
  producerOptions,
  type TopicPartition,
} from '../../index.ts'
import { unescaped, wholeNumber } from '../arguments.ts'
import { contact, unknownTopic } from '../contact.ts'
import { exitCodes, UsageError } from '../exit.ts'
import { jsonPrinter, type Printer, textPrinter } from '../format.ts'
import { Interrupt } from '../interrupt.ts'
import { type MetricsFlags, metricsOptions, startMetrics } from '../metrics.ts'
import { Output } from '../output.ts'
import { Printing } from '../printing.ts'
import { noProgress, type Progress, progressBar } from '../progress.ts'
import { type RegistryFlags, registryFor, shared } from '../schemas/registry.ts'
import { settingsFor } from '../settings.ts'

interface Flags extends RegistryFlags, MetricsFlags {
  readonly fromBeginning?: boolean
  readonly group?: string
  readonly maxMessages?: number
  readonly exitAtEnd?: boolean
  readonly timeout?: number
  readonly format: string
  readonly nullValue: string
  readonly isolation?: string
  readonly keySchema?: boolean
}

const GROUP = 'group.id'

const examples = `
Examples:
  posthaste consume orders --from-beginning
  posthaste consume orders --from-beginning --exit-at-end > orders.txt
  posthaste consume orders payments --format '%t [%p] @ %o %T %k %h %v\\n'
  posthaste consume orders --group billing --from-beginning
  posthaste consume orders --from-beginning --registry http://localhost:8081
  posthaste consume orders --json --max-messages 10 | jq .value

Format: %t topic, %p partition, %o offset, %T timestamp (ms), %k key, %v value, %h headers,
%K and %S sizes of key and value (-1: null), %s schema id of the value (with --registry),
%% a percent sign; \\n \\t \\r \\0 \\\\ \\x1f.
Keys and values are written as their bytes are. Ctrl-C ends it. With --group the partitions are
shared with the group's other members, and what was printed is committed.`

export function declare(command: Command): void {
  command
    .argument('<topic...>', 'where from')
    .option('--from-beginning', 'all that is there, instead of what comes from now on')
    .option('-g, --group <group>', 'as a member of this group, from where it stands')
    .option('-n, --max-messages <n>', 'end after so many', wholeNumber(0))
    .option('-e, --exit-at-end', 'end when all that is there now has been printed')
    .option('--timeout <ms>', 'end when nothing has come for so long', wholeNumber(1, 2 ** 31 - 1))
    .option('-f, --format <format>', 'how a record is printed', '%v\\n')
    .option('-Z, --null-value <text>', 'how a null key or value is printed', unescaped, 'null')
    .option('--isolation <level>', 'read_uncommitted, or read_committed')
    .option('--registry <url>', 'read values by their schemas of this registry; prints JSON')
    .option('--key-schema', 'keys have schemas of that registry, too')
    .addHelpText('after', examples)
    .action(async (topics: string[]) => {
      process.exitCode = await consume(topics, command.optsWithGlobals<Flags>())
    })
  metricsOptions(command)
}

/** Prints records; gives the exit code. */
async function consume(topics: readonly string[], flags: Flags): Promise<number> {
  const settings = settingsFor(consumerOptions, shared(flags).kafka, ownSettings(flags), {
    ...producerOptions,
    ...adminOptions,
  })
  const { deserializers, print } = await reading(flags)
  using interrupt = new Interrupt()
  await using _ = await startMetrics(flags)
  await using consumer = new Consumer(settings, deserializers)
  interrupt.signal.addEventListener('abort', () => consumer.stop())
  const begun = begin(consumer, topics, settings)
  const partitions = await Promise.race([begun, interrupt.asked])
  if (!partitions) return interrupt.exitCode ?? exitCodes.interrupted
  const out = new Output(process.stdout)
  const progress = await progressOf(consumer, partitions, flags)
  const isMember = settings[GROUP] !== undefined
  const printing = new Printing({ consumer, isMember, flags, print, out, progress })
  try {
    if (flags.maxMessages !== 0) await printing.run()
  } finally {
    progress.stop()
  }
  await out.end()
  if (!flags.quiet) process.stderr.write(`consumed ${printing.count}\n`)
  return interrupt.exitCode ?? (out.failure ? exitCodes.failed : exitCodes.done)
}

/** How records are read and printed: by a registry's schemas, or as their bytes are. */
async function reading(
  flags: Flags,
): Promise<{ deserializers: Deserializers<Buffer, Buffer>; print: Printer }> {
  const { registry, keySchema = false, json, format, nullValue } = flags
  if (registry === undefined) {
    if (keySchema) throw new UsageError('--key-schema reads keys by schemas', 'give --registry')
    return { deserializers: {}, print: json ? jsonPrinter : textPrinter(format, nullValue) }
  }
  // What reads by schemas is loaded only where it is asked for.
  const { recordReader, schemaIdPrinter, schemaJsonPrinter } = await import('../schemas/reading.ts')
  const deserializers = recordReader(registryFor(shared(flags).registry), keySchema)
  const print = json
    ? schemaJsonPrinter(keySchema)
    : textPrinter(format, nullValue, schemaIdPrinter(nullValue))
  return { deserializers, print }
}

function ownSettings({ fromBeginning, isolation, group }: Flags): Record<string, string> {
  return {
    ...(fromBeginning && { 'auto.offset.reset': 'earliest' }),
    ...(group !== undefined && { [GROUP]: group }),
    ...(isolation !== undefined && { 'isolation.level': isolation }),
  }
}

/** Assigns all partitions of the topics, or the group's share of them; gives what it reads. */
async function begin(
  consumer: Consumer,
  topics: readonly string[],
  settings: Readonly<Record<string, unknown>>,
): Promise<TopicPartition[]> {
  const partitions = await partitionsOf(topics, settings)
  if (settings[GROUP] === undefined) {
    await consumer.assign(partitions)
    return partitions
  }
  await consumer.subscribe(topics)
  return consumer.position().map(({ topic, partition }) => ({ topic, partition }))
}

/** All partitions of the topics; one that is not there is an error. */
async function partitionsOf(
  topics: readonly string[],
  settings: Readonly<Record<string, unknown>>,
): Promise<TopicPartition[]> {
  using admin: Admin = await contact(settings)
  const partitions: TopicPartition[] = []
  for (const result of await admin.topics.describe([...new Set(topics)])) {
    if (result.is === 'failed' && result.error.code === 'UNKNOWN_TOPIC_OR_PARTITION') {
      throw await unknownTopic(admin, result.name)
    }
    const topic = orThrow(result)
    partitions.push(
      ...topic.partitions.map(each => ({ topic: topic.name, partition: each.partition })),
    )
  }
  return partitions
}

/** A bar where the records go elsewhere, and somebody watches; with an end, where there is one. */
async function progressOf(
  consumer: Consumer,
  partitions: readonly TopicPartition[],
  flags: Flags,
): Promise<Progress> {
  const { stdout, stderr } = process
  if (!stderr.isTTY || stdout.isTTY || flags.quiet) return noProgress
  if (!flags.exitAtEnd || !flags.fromBeginning) return progressBar(stderr, flags.maxMessages)
  const at = (offset: 'earliest' | 'latest') =>
    consumer.listOffsets(partitions.map(each => ({ ...each, offset })))
  const [starts, ends] = await Promise.all([at('earliest'), at('latest')])
  const sum = (offsets: readonly { readonly offset: number }[]) =>
    offsets.reduce((total, { offset }) => total + offset, 0)
  const total = sum(ends) - sum(starts)
  return progressBar(stderr, Math.min(total, flags.maxMessages ?? total))
}
