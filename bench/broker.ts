/**
 * The embedded broker under librdkafka's producer, beside a real Apache Kafka: `npm run
 * bench:broker`. Each broker is a process of its own; both meet the same client in turn.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Command } from 'commander'
import { startKafka } from '../test/kafka/cluster.ts'
import { runOrThrow } from '../test/support/run.ts'
import { recordsFile, runCase } from './measure.ts'
import { cpuSeconds, type Running, startOurs } from './our-broker.ts'
import { allPeers, buildOurs, installPeers } from './peers.ts'
import { DEFAULT_PARTITIONS } from './plan.ts'
import { setting, writeResults } from './results.ts'
import { type Spread, spread } from './summary.ts'
import { cell, grid } from './table.ts'

const CLIENT = 'librdkafka'

interface Contestant {
  readonly name: string
  readonly codec: string
  readonly start: (ours: string) => Promise<Running>
}

interface Figure {
  readonly rate: number
  readonly brokerMicros: number
  readonly clientMicros: number
}

const partitions = ['--default-partitions', String(DEFAULT_PARTITIONS)]

const contestants: readonly Contestant[] = [
  { name: 'posthaste broker', codec: 'none', start: ours => startOurs(ours, partitions) },
  { name: 'posthaste broker', codec: 'lz4', start: ours => startOurs(ours, partitions) },
  { name: 'posthaste broker --data', codec: 'none', start: startWithData },
  { name: 'Apache Kafka', codec: 'none', start: startTheirs },
  { name: 'Apache Kafka', codec: 'lz4', start: startTheirs },
]

new Command('bench:broker')
  .description('Measures the embedded broker under the producer of librdkafka.')
  .option('--rounds <n>', 'how often everything is run', '3')
  .option('--messages <n>', 'records a run', '1000000')
  .allowExcessArguments(false)
  .action(main)
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  })

async function main(flags: { readonly rounds: string; readonly messages: string }): Promise<void> {
  await installPeers()
  const ours = await buildOurs()
  const messages = Number(flags.messages)
  const figures = new Map(contestants.map(each => [each, [] as Figure[]]))
  for (let round = 1; round <= Number(flags.rounds); round++) {
    for (const each of contestants) {
      process.stderr.write(`round ${round}: ${each.name}, ${each.codec}\n`)
      figures.get(each)!.push(await measure(each, ours, messages))
    }
  }
  const rows = [...figures].map(([{ name, codec }, runs]) => ({
    broker: name,
    codec,
    rate: spread(runs.map(({ rate }) => rate)),
    brokerMicros: spread(runs.map(({ brokerMicros }) => brokerMicros)),
    clientMicros: spread(runs.map(({ clientMicros }) => clientMicros)),
  }))
  const micros = (value: number) => value.toFixed(2)
  const lines = rows.map(row => [
    row.broker,
    row.codec,
    cell(row.rate, rate => `${(rate / 1000).toFixed(0)}k`),
    cell(row.brokerMicros, micros),
    cell(row.clientMicros, micros),
  ])
  const head = ['broker', 'codec', 'records/s', 'broker CPU µs/record', 'client CPU µs/record']
  process.stdout.write(`${grid([head, ...lines])}\n`)
  const more = { start: await startTimes(ours), idleCpuPercent: await idleCpu(ours) }
  process.stdout.write(`${JSON.stringify(more)}\n`)
  await writeResults('broker', { ...setting(), messages, rows, ...more })
}

/** Milliseconds until the embedded cluster has started: the first of a process, and the next. */
async function startTimes(ours: string): Promise<{ cold: Spread; warm: Spread }> {
  const program = join(import.meta.dirname, 'clients', 'broker-start.js')
  const env = { ...process.env, BROKER: join(dirname(ours), 'broker', 'index.js') }
  const runs: { coldMs: number; warmMs: number }[] = []
  for (let i = 0; i < 5; i++) {
    const { stdout } = await runOrThrow(process.execPath, [program], { env })
    runs.push(JSON.parse(stdout))
  }
  return {
    cold: spread(runs.map(({ coldMs }) => coldMs)),
    warm: spread(runs.map(({ warmMs }) => warmMs)),
  }
}

const IDLE_S = 5

/** The share of a core that a broker takes which nobody asks anything. */
async function idleCpu(ours: string): Promise<number> {
  const broker = await startOurs(ours)
  try {
    await pause(1_000)
    const before = await cpuSeconds(broker.pid)
    await pause(IDLE_S * 1_000)
    return ((await cpuSeconds(broker.pid)) - before) * (100 / IDLE_S)
  } finally {
    await broker.stop()
  }
}

/** Two runs on a broker of its own, of which the second counts: by then its code is compiled. */
async function measure(
  { codec, start }: Contestant,
  ours: string,
  messages: number,
): Promise<Figure> {
  const peer = allPeers('').find(({ name }) => name === CLIENT)!
  const command = await peer.command()
  const file = await recordsFile()
  const broker = await start(ours)
  const run = () => {
    const what = { client: CLIENT, mode: 'produce', codec, messages }
    return runCase(what, command, [broker.bootstrapServers, 'bench'], file)
  }
  try {
    await run()
    const before = await cpuSeconds(broker.pid)
    const { seconds, cpuSeconds: client } = await run()
    const after = await cpuSeconds(broker.pid)
    return {
      rate: messages / seconds,
      // The client does its work twice, and measures the second time.
      brokerMicros: ((after - before) / (2 * messages)) * 1e6,
      clientMicros: (client / messages) * 1e6,
    }
  } finally {
    await broker.stop()
  }
}

async function startWithData(ours: string): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), 'posthaste-bench-'))
  const broker = await startOurs(ours, [...partitions, '--data', folder])
  return {
    ...broker,
    async stop() {
      await broker.stop()
      await rm(folder, { recursive: true })
    },
  }
}

async function startTheirs(): Promise<Running> {
  const config = { 'num.partitions': DEFAULT_PARTITIONS }
  const kafka = await startKafka({ brokers: 1, heapMb: 1024, isForLong: true, config })
  const { bootstrapServers, brokers } = kafka
  return { bootstrapServers, pid: brokers[0]!.pid, stop: () => kafka.stop() }
}
