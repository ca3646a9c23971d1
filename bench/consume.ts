/**
 * The consumers side by side: `npm run bench:consumer`. Each reads the same records from the
 * beginning; docs/performance.md says what is measured and how.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { Producer } from '../src/index.ts'
import type { CodecName } from '../src/records/index.ts'
import { root } from '../test/support/cache.ts'
import { measureAll } from './measure.ts'
import { available, buildOurs, consumerPeers, installPeers } from './peers.ts'
import { type Case, REFERENCE } from './plan.ts'
import { Progress } from './progress.ts'
import { setting, writeResults } from './results.ts'
import { summarize } from './summary.ts'
import { table } from './table.ts'

/** A poll may bring more than was asked for. */
const MARGIN = 400_000
const PARTITIONS = 6

interface Flags {
  readonly rounds: string
  readonly messages: string
  readonly resume: boolean
  readonly only?: string
  readonly ours?: string
}

new Command('bench:consumer')
  .description('Measures the consumer beside other clients, on a real Apache Kafka.')
  .option('--rounds <n>', 'how often everything is run', '7')
  .option('--messages <n>', 'records a run', '1000000')
  .option('--only <regex>', `only what matches, as in 'lz4' or 'posthaste.*none'`)
  .option('--ours <module>', 'measure this build of posthaste instead of the sources')
  .option('--resume', 'go on with the same benchmark where it was stopped', false)
  .allowExcessArguments(false)
  .action(main)
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  })

async function main(flags: Flags): Promise<void> {
  await installPeers()
  const { peers, lacking } = available(consumerPeers(flags.ours ?? (await buildOurs())))
  const messages = Number(flags.messages)
  const cases = casesOf(messages).filter(each => {
    const name = `${each.client}, ${each.mode}, ${each.codec}`
    return each.client === REFERENCE || !flags.only || new RegExp(flags.only).test(name)
  })
  const codecs = new Set(cases.filter(each => each.client !== REFERENCE).map(each => each.codec))
  const wanted = cases.filter(({ codec }) => codecs.has(codec))
  const plan = { rounds: Number(flags.rounds), cases: wanted }
  const progress = await Progress.of('consumer', plan, flags.resume)
  const { figures, failures } = await measureAll(plan, peers, progress, {
    config: { 'num.partitions': PARTITIONS },
    topicOf: ({ codec }) => `consume-${codec}`,
    prepare: async bootstrapServers => {
      for (const codec of codecs) await fill(bootstrapServers, codec, 2 * messages + MARGIN)
    },
  })
  const rows = summarize(figures)
  process.stdout.write(`\n${table(rows)}\n`)
  for (const name of lacking) process.stdout.write(`left out: ${name}\n`)
  for (const failure of failures.values()) process.stdout.write(`failed: ${failure}\n`)
  if (failures.size > 0) process.exitCode = 1
  await writeResults('consumer', { ...setting(), messages, rows, figures })
  if (failures.size === 0) await progress.over()
}

function casesOf(messages: number): Case[] {
  const of = (client: string, codec: string, mode: string) => ({ client, mode, codec, messages })
  const cases = ['lz4', 'none'].flatMap(codec => [
    of(REFERENCE, codec, 'queue'),
    ...['batches in place', 'batches', 'for await', 'run'].map(mode =>
      of('posthaste', codec, mode),
    ),
    of('franz-go', codec, 'poll'),
    of('@platformatic/kafka, Node 24', codec, 'stream'),
  ])
  return [...cases, of('kafkajs', 'none', 'eachBatch')]
}

/** The records that producers are measured with, over and over. */
async function fill(bootstrapServers: string, codec: string, count: number): Promise<void> {
  const lines = await readFile(join(root, '.cache', 'bench', 'records-200.tsv'), 'utf8')
  const pool = lines.trimEnd().split('\n')
  const records = pool.map(line => line.split('\t'))
  await using producer = new Producer({
    'bootstrap.servers': bootstrapServers,
    'compression.type': codec as CodecName,
    'batch.size': 131_072,
    'linger.ms': 10,
  })
  const topic = `consume-${codec}`
  for (let i = 0; i < count; i++) {
    const [key, value] = records[i % records.length]!
    if (!producer.produce({ topic, key: key!, value: value! })) await producer.drain()
  }
  await producer.flush()
}
