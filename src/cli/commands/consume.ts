import type { Command } from 'commander'
import { systemClock, type Timer } from '../../base/clock.ts'
import {
  type Admin,
  Consumer,
  consumerOptions,
  type MessageBatch,
  orThrow,
  producerOptions,
  type TopicPartition,
} from '../../index.ts'
import { unescaped, wholeNumber } from '../arguments.ts'
import { contact, unknownTopic } from '../contact.ts'
import { exitCodes } from '../exit.ts'
import { jsonPrinter, type Printer, textPrinter } from '../format.ts'
import { Interrupt } from '../interrupt.ts'
import { Output } from '../output.ts'
import { noProgress, type Progress, progressBar } from '../progress.ts'
import { type CommonFlags, settingsFor } from '../settings.ts'

interface Flags extends CommonFlags {
  readonly fromBeginning?: boolean
  readonly maxMessages?: number
  readonly exitAtEnd?: boolean
  readonly timeout?: number
  readonly format: string
  readonly nullValue: string
  readonly isolation?: string
}

const examples = `
Examples:
  posthaste consume orders --from-beginning
  posthaste consume orders --from-beginning --exit-at-end > orders.txt
  posthaste consume orders payments --format '%t [%p] @ %o %T %k %h %v\\n'
  posthaste consume orders --json --max-messages 10 | jq .value

Format: %t topic, %p partition, %o offset, %T timestamp (ms), %k key, %v value, %h headers,
%K and %S sizes of key and value (-1: null), %% a percent sign; \\n \\t \\r \\0 \\\\ \\x1f.
Keys and values are written as their bytes are. Ctrl-C ends it.`

export function declare(command: Command): void {
  command
    .argument('<topic...>', 'where from')
    .option('--from-beginning', 'all that is there, instead of what comes from now on')
    .option('-n, --max-messages <n>', 'end after so many', wholeNumber(0))
    .option('-e, --exit-at-end', 'end when all that is there now has been printed')
    .option('--timeout <ms>', 'end when nothing has come for so long', wholeNumber(1, 2 ** 31 - 1))
    .option('-f, --format <format>', 'how a record is printed', '%v\\n')
    .option('-Z, --null-value <text>', 'how a null key or value is printed', unescaped, 'null')
    .option('--isolation <level>', 'read_uncommitted, or read_committed')
    .addHelpText('after', examples)
    .action(async (topics: string[]) => {
      process.exitCode = await consume(topics, command.optsWithGlobals<Flags>())
    })
}

/** Prints records; gives the exit code. */
async function consume(topics: readonly string[], flags: Flags): Promise<number> {
  const settings = settingsFor(consumerOptions, flags, ownSettings(flags), producerOptions)
  const print = flags.json ? jsonPrinter : textPrinter(flags.format, flags.nullValue)
  using interrupt = new Interrupt()
  await using consumer = new Consumer(settings)
  interrupt.signal.addEventListener('abort', () => consumer.stop())
  const partitions = await Promise.race([partitionsOf(topics, settings), interrupt.asked])
  if (!partitions) return interrupt.exitCode ?? exitCodes.interrupted
  const out = new Output(process.stdout)
  await consumer.assign(partitions)
  const progress = await progressOf(consumer, partitions, flags)
  const printing = new Printing({ consumer, flags, print, out, progress })
  try {
    if (flags.maxMessages !== 0) await printing.run()
  } finally {
    progress.stop()
  }
  await out.end()
  if (!flags.quiet) process.stderr.write(`consumed ${printing.count}\n`)
  return interrupt.exitCode ?? (out.failure ? exitCodes.failed : exitCodes.done)
}

function ownSettings({ fromBeginning, isolation }: Flags): Record<string, string> {
  return {
    ...(fromBeginning && { 'auto.offset.reset': 'earliest' }),
    ...(isolation !== undefined && { 'isolation.level': isolation }),
  }
}

/** All partitions of the topics; one that is not there is an error. */
async function partitionsOf(
  topics: readonly string[],
  settings: Readonly<Record<string, unknown>>,
): Promise<TopicPartition[]> {
  using admin: Admin = await contact(settings)
  const partitions: TopicPartition[] = []
  for (const result of await admin.describeTopics([...new Set(topics)])) {
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

interface PrintingParts {
  readonly consumer: Consumer
  readonly flags: Flags
  readonly print: Printer
  readonly out: Output
  readonly progress: Progress
}

/** The loop from the consumer to standard output, at the pace of whoever reads that. */
class Printing {
  count = 0
  readonly #parts: PrintingParts
  readonly #most: number
  #silence: Timer | undefined

  constructor(parts: PrintingParts) {
    this.#parts = parts
    this.#most = parts.flags.maxMessages ?? Number.POSITIVE_INFINITY
  }

  async run(): Promise<void> {
    const { consumer, flags, out, progress } = this.#parts
    this.#listen()
    for await (const batch of consumer.batches(flags.exitAtEnd ? { until: 'end' } : {})) {
      this.#silence?.cancel()
      this.#printAll(batch)
      progress.update(this.count, this.count)
      await out.ready()
      if (out.gone || this.count >= this.#most) break
      this.#listen()
    }
    this.#silence?.cancel()
  }

  /** Waits for the next record no longer than `--timeout` says. */
  #listen(): void {
    const { consumer, flags } = this.#parts
    if (flags.timeout === undefined) return
    this.#silence = systemClock.after(flags.timeout, () => consumer.stop())
  }

  #printAll(batch: MessageBatch): void {
    const { print, out } = this.#parts
    const { topic, partition } = batch
    for (const cursor of batch.cursors()) {
      while (this.count < this.#most && cursor.next()) {
        print(topic, partition, cursor, out)
        this.count++
      }
    }
  }
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
