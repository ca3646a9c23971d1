/**
 * The embedded broker under librdkafka's producer, beside a real Apache Kafka: `npm run
 * bench:broker`. Each broker is a process of its own; both meet the same client in turn.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { startKafka } from '../test/kafka/cluster.ts'
import { root } from '../test/support/cache.ts'
import { recordsFile, runCase } from './measure.ts'
import { allPeers, installPeers } from './peers.ts'
import { spread } from './summary.ts'
import { cell, grid } from './table.ts'

const PARTITIONS = 6
const CLIENT = 'librdkafka'
/** As many as the client sends before its clock starts; the broker's CPU counts them too. */
const WARM_UP = 100_000

interface Running {
  readonly bootstrapServers: string
  readonly pid: number
  stop(): Promise<void>
}

interface Contestant {
  readonly name: string
  readonly codec: string
  readonly start: () => Promise<Running>
}

interface Figure {
  readonly rate: number
  readonly brokerMicros: number
  readonly clientMicros: number
}

const contestants: readonly Contestant[] = [
  { name: 'posthaste broker', codec: 'none', start: () => startOurs([]) },
  { name: 'posthaste broker', codec: 'lz4', start: () => startOurs([]) },
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
  const messages = Number(flags.messages)
  const figures = new Map(contestants.map(each => [each, [] as Figure[]]))
  for (let round = 1; round <= Number(flags.rounds); round++) {
    for (const each of contestants) {
      process.stderr.write(`round ${round}: ${each.name}, ${each.codec}\n`)
      figures.get(each)!.push(await measure(each, messages))
    }
  }
  const head = ['broker', 'codec', 'records/s', 'broker CPU µs/record', 'client CPU µs/record']
  const rows = [...figures].map(([{ name, codec }, runs]) => [
    name,
    codec,
    cell(spread(runs.map(({ rate }) => rate)), rate => `${(rate / 1000).toFixed(0)}k`),
    cell(spread(runs.map(({ brokerMicros }) => brokerMicros)), micros => micros.toFixed(2)),
    cell(spread(runs.map(({ clientMicros }) => clientMicros)), micros => micros.toFixed(2)),
  ])
  process.stdout.write(`${grid([head, ...rows])}\nload ${loadavg()[0]!.toFixed(1)}\n`)
}

/** Two runs on a broker of its own, of which the second counts: by then its code is compiled. */
async function measure({ codec, start }: Contestant, messages: number): Promise<Figure> {
  const peer = allPeers('').find(({ name }) => name === CLIENT)!
  const command = await peer.command()
  const file = await recordsFile()
  const broker = await start()
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
      brokerMicros: ((after - before) / (messages + WARM_UP)) * 1e6,
      clientMicros: (client / messages) * 1e6,
    }
  } finally {
    await broker.stop()
  }
}

/** Of a process with all its threads, as Linux counts it: in hundredths of a second. */
async function cpuSeconds(pid: number): Promise<number> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8')
  // The name, which comes second, is in brackets and may hold anything.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

async function startOurs(more: readonly string[]): Promise<Running> {
  const main = join(root, 'src', 'cli', 'main.ts')
  const args = ['broker', '--port', '0', '--default-partitions', String(PARTITIONS), ...more]
  const broker = spawn(process.execPath, ['--import', 'tsx', main, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(broker.stdout, 'data')
  return {
    bootstrapServers: String(line).trim().replace('ready ', ''),
    pid: broker.pid!,
    async stop() {
      broker.kill()
      await once(broker, 'exit')
    },
  }
}

async function startWithData(): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), 'posthaste-bench-'))
  const broker = await startOurs(['--data', folder])
  return {
    ...broker,
    async stop() {
      await broker.stop()
      await rm(folder, { recursive: true })
    },
  }
}

async function startTheirs(): Promise<Running> {
  const config = { 'num.partitions': PARTITIONS }
  const kafka = await startKafka({ brokers: 1, heapMb: 1024, config })
  const { bootstrapServers, brokers } = kafka
  return { bootstrapServers, pid: brokers[0]!.pid, stop: () => kafka.stop() }
}
