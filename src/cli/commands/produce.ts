import type { Command } from 'commander'
import {
  adminOptions,
  consumerOptions,
  Producer,
  type ProducerRecord,
  producerOptions,
} from '../../index.ts'
import { type NamedValue, namedValues, unescaped, wholeNumber } from '../arguments.ts'
import { contact, topicReady } from '../contact.ts'
import { DeliveryLog } from '../delivery-log.ts'
import { exitCodes, UsageError } from '../exit.ts'
import { Feed } from '../feed.ts'
import { Interrupt } from '../interrupt.ts'
import { lineReader } from '../line-record.ts'
import { type MetricsFlags, metricsOptions, startMetrics } from '../metrics.ts'
import { noProgress, type Progress, progressBar } from '../progress.ts'
import { type RegistryFlags, registryFor, registryHelp, shared } from '../schemas/registry.ts'
import {
  formatOption,
  referenceOption,
  type SchemaFlags,
  schemaFrom,
} from '../schemas/schema-file.ts'
import { settingsFor } from '../settings.ts'
import { openSources, type Source } from '../sources.ts'

interface Flags extends RegistryFlags, SchemaFlags, MetricsFlags {
  readonly keySeparator?: string
  readonly keyField?: string
  readonly header?: readonly NamedValue[]
  readonly partition?: number
  readonly nullValue?: string
  readonly acks?: string
  readonly compression?: string
  readonly linger?: string
  readonly keySchema?: string
  readonly valueSchema?: string
  readonly message?: string
}

/** Within what a topic takes by default (`max.message.bytes`), its heading included. */
const LARGE_BATCH_BYTES = 1_000_000

/** No line can be longer than the largest record. */
const MOST_BYTES = 'max.request.size'

const examples = `
Examples:
  posthaste produce orders orders.jsonl --key-field user
  printf 'user-7\\ta book\\n' | posthaste produce orders --key-separator '\\t' -v
  seq 1000000 | posthaste produce numbers --compression lz4 --linger 10
  posthaste produce orders orders.jsonl --value-schema order.avsc --registry http://localhost:8081
  posthaste produce orders orders.jsonl --key-field user --key-schema user.avsc \\
    --value-schema order.avsc
  posthaste produce orders - -H source=shop -H trace=42 -X client.id=import < orders.txt

Ends with "delivered N, failed M" on standard error; exit code 1 where M is not 0.
Ctrl-C stops reading and still delivers what was taken; a second Ctrl-C ends at once.`

export function declare(command: Command): void {
  command
    .argument('<topic>', 'where to')
    .argument('[file...]', 'files with a record a line; "-" or none is standard input')
    .option('-k, --key-separator <text>', 'the key stands before this text, as in "\\t"', unescaped)
    .option('--key-field <name>', 'lines are JSON objects, and this field is the key')
    .option('-H, --header <name=value>', 'a header for each record; may be repeated', namedValues)
    .option('-p, --partition <n>', 'send all to this partition', wholeNumber(0, 2 ** 31 - 1))
    .option('-Z, --null-value <text>', 'a key or value of exactly this text is null', unescaped)
    .option('-a, --acks <acks>', 'who confirms: all, 1 (the leader), 0 (nobody)')
    .option('-z, --compression <codec>', 'none, gzip, snappy, lz4 or zstd')
    .option('--linger <ms>', 'how long a batch waits for company')
    .option('--value-schema <file>', 'lines are JSON; write them by this schema, and register it')
    .option('--key-schema <file>', 'keys are JSON; write them by this schema, and register it')
    .option('--registry <url>', registryHelp)
    .addOption(formatOption())
    .addOption(referenceOption())
    .option('--message <name>', 'of a .proto file with several (default: its first)')
    .addHelpText('after', examples)
    .action(async (topic: string, files: string[]) => {
      process.exitCode = await produce(topic, files, command.optsWithGlobals<Flags>())
    })
  metricsOptions(command)
}

/** Sends a record a line; gives the exit code. */
async function produce(topic: string, files: readonly string[], flags: Flags): Promise<number> {
  if (flags.keySeparator !== undefined && flags.keyField !== undefined) {
    throw new UsageError('--key-separator and --key-field both say where the key is; give one')
  }
  if (flags.keySchema !== undefined && !hasKeys(flags)) {
    throw new UsageError('--key-schema has no keys', 'give --key-separator or --key-field, too')
  }
  const others = { ...consumerOptions, ...adminOptions }
  const settings = withLargeBatches(
    settingsFor(producerOptions, shared(flags).kafka, ownSettings(flags), others),
  )
  const write = await writer(topic, flags)
  const keyAsJson = flags.keySchema !== undefined
  const read = lineReader({ topic, ...flags, headers: flags.header, keyAsJson })
  await using _ = await startMetrics(flags)
  const producer = new Producer(settings)
  const log = new DeliveryLog(flags)
  producer.on('error', error => log.failed(error))
  const sources = await openSources(files, process.stdin)
  using interrupt = new Interrupt(() => {
    const left = producer.metrics().queueRecords
    return left > 0
      ? `posthaste: ended at once: ${left} records were still on their way`
      : undefined
  })
  using admin = (await Promise.race([contact(settings), interrupt.asked])) ?? undefined
  const feed = new Feed({
    sink: producer,
    read: line => write(read(line)),
    mostBytes: Number(settings[MOST_BYTES] ?? producerOptions[MOST_BYTES].fallback),
    callback: flags.verbose ? log.settled : undefined,
    complaints: log.complaints,
    progress: await progressOver(sources, flags),
    signal: interrupt.signal,
  })
  if (isTyped(sources)) log.say('a record a line; Ctrl-D ends')
  let isWhole = true
  try {
    if (admin) {
      const ready = topicReady(admin, topic, producer.partitionsFor(topic))
      await Promise.race([ready, interrupt.asked])
    }
    isWhole = await readAll(feed, sources, log)
    if (interrupt.signal.aborted) log.say('interrupted: delivering what was taken (again: at once)')
    await producer.close()
  } finally {
    await producer.close({ timeout: 0 })
  }
  const { recordsDelivered, recordsFailed } = producer.metrics()
  const failed = recordsFailed + feed.refused
  await log.end(recordsDelivered, failed)
  return interrupt.exitCode ?? (failed > 0 || !isWhole ? exitCodes.failed : exitCodes.done)
}

/**
 * A file is all there at once: large batches take fewer requests, and a batch that is not full does
 * not wait for a broker that is idle. Where somebody chose a size, it stays.
 */
function withLargeBatches(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isChosen = settings['batch.size'] !== undefined || settings[MOST_BYTES] !== undefined
  return isChosen ? { ...settings } : { ...settings, 'batch.size': LARGE_BATCH_BYTES }
}

/** Reads to the end; false, with a word, where a file breaks off: what was read still goes. */
async function readAll(feed: Feed, sources: readonly Source[], log: DeliveryLog): Promise<boolean> {
  try {
    await feed.run(sources)
    return true
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    log.failed(error)
    return false
  }
}

function hasKeys({ keySeparator, keyField }: Flags): boolean {
  return keySeparator !== undefined || keyField !== undefined
}

/** By schemas or, where none were given, the bytes as they are. */
async function writer(
  topic: string,
  flags: Flags,
): Promise<(record: ProducerRecord) => ProducerRecord> {
  const { keySchema, valueSchema, message } = flags
  if (keySchema === undefined && valueSchema === undefined) return record => record
  // References are the value's: a key that is made of other schemas is hardly a key.
  const key = keySchema === undefined ? undefined : schemaFrom(keySchema, { format: flags.format })
  const value = valueSchema === undefined ? undefined : schemaFrom(valueSchema, flags)
  // What serializes by schemas is loaded only where it is asked for.
  const { recordWriter } = await import('../schemas/writing.ts')
  return recordWriter(registryFor(shared(flags).registry), topic, { key, value, message })
}

function ownSettings({ acks, compression, linger }: Flags): Record<string, string> {
  return {
    ...(acks !== undefined && { acks }),
    ...(compression !== undefined && { 'compression.type': compression }),
    ...(linger !== undefined && { 'linger.ms': linger }),
  }
}

/** A bar where somebody watches and nothing else is printed; typed lines need none. */
async function progressOver(sources: readonly Source[], flags: Flags): Promise<Progress> {
  const { stderr } = process
  if (!stderr.isTTY || flags.quiet || flags.verbose || isTyped(sources)) return noProgress
  const sizes = sources.map(source => source.size)
  const isKnown = sizes.every(size => size !== undefined)
  return progressBar(stderr, isKnown ? sizes.reduce((sum, size) => sum + size, 0) : undefined)
}

function isTyped(sources: readonly Source[]): boolean {
  return process.stdin.isTTY && sources.some(source => source.size === undefined)
}
