/**
 * What grows with a cluster, and what must not: `npm run bench:scale`. Cost for each record from 1
 * to 1,000 partitions and 1 to 30 brokers, 200 producers in a process, the metadata of 100,000
 * topics, memory over ten million records. The cluster is `posthaste broker`, a process of its own.
 */
import { Command, InvalidArgumentError } from 'commander'
import { Admin, orThrow } from '../src/index.ts'
import { recordsFile, runCase } from './measure.ts'
import { type Running, startOurs } from './our-broker.ts'
import {
  allPeers,
  buildOurs,
  installPeers,
  type Command as Program,
  scalePrograms,
} from './peers.ts'
import { OURS, REFERENCE } from './plan.ts'
import { readResults, setting, writeResults } from './results.ts'
import { type Spread, spread } from './summary.ts'
import { cell, grid } from './table.ts'

/** Every broker of the largest cluster leads two. */
const PARTITIONS_OF_MANY_BROKERS = 60
const TOPICS_A_REQUEST = 1_000
/** What the broker keeps of a topic, so that ten million records need no more than this. */
const SMALL_LOG = { 'retention.bytes': '20000000', 'segment.bytes': '5000000' }

interface Flags {
  readonly rounds: number
  readonly messages: number
  readonly memoryMessages: number
  readonly topics: number
  readonly producers: number
  readonly only?: Part
}

/** What one client costs at one size of the cluster. */
interface Point {
  readonly client: string
  readonly at: number
  readonly cpu: Spread
  readonly rate: Spread
}

const parts = ['partitions', 'brokers', 'connections', 'metadata', 'memory'] as const
type Part = (typeof parts)[number]
const minutes: Readonly<Record<Part, number>> = {
  partitions: 3,
  brokers: 3,
  connections: 0.3,
  metadata: 1,
  memory: 1,
}

new Command('bench:scale')
  .description('Measures what grows with a cluster.')
  .option('--rounds <n>', 'how often everything is run', whole, 3)
  .option('--messages <n>', 'records a run', whole, 1_000_000)
  .option('--memory-messages <n>', 'records of the run whose memory is watched', whole, 10_000_000)
  .option('--topics <n>', 'whose metadata is asked for', whole, 100_000)
  .option('--producers <n>', 'in one process', whole, 200)
  .option('--only <part>', `one of ${parts.join(', ')}; what is known of the others stays`, part)
  .allowExcessArguments(false)
  .action(main)
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  })

async function main(flags: Flags): Promise<void> {
  await installPeers()
  const ours = await buildOurs()
  const wanted: readonly Part[] = flags.only ? [flags.only] : parts
  const expected = wanted.reduce((sum, each) => sum + minutes[each], 0)
  say(`${wanted.join(', ')}: about ${Math.ceil(expected)} minutes`)
  for (const [i, name] of wanted.entries()) {
    say(`${name} (${i + 1} of ${wanted.length})`)
    const found = await measures[name](flags, ours)
    const known = (await readResults<object>('scale')) ?? {}
    // Each part is written when it is known, so that one that fails costs no other.
    await writeResults('scale', { ...known, ...setting(), [name]: found })
  }
}

const measures: Readonly<Record<Part, (flags: Flags, ours: string) => Promise<unknown>>> = {
  partitions: (flags, ours) =>
    points(flags, ours, [1, 10, 100, 1000], partitions => ({ brokers: 1, partitions })),
  brokers: (flags, ours) =>
    points(flags, ours, [1, 3, 10, 30], brokers => ({
      brokers,
      partitions: PARTITIONS_OF_MANY_BROKERS,
    })),
  connections: async ({ producers, messages }, ours) =>
    withCluster(ours, 3, async ({ bootstrapServers }) => {
      await makeTopics(bootstrapServers, [{ name: 'scale', partitions: 6 }])
      return told(ours, 'connections', [bootstrapServers, producers, messages])
    }),
  metadata: async ({ topics }, ours) =>
    withCluster(ours, 1, async ({ bootstrapServers }) => {
      const names = Array.from({ length: topics }, (_, i) => ({
        name: `topic-${i}`,
        partitions: 1,
      }))
      await makeTopics(bootstrapServers, names)
      return told(ours, 'metadata', [bootstrapServers, topics])
    }),
  memory: async ({ memoryMessages }, ours) =>
    withCluster(ours, 1, async ({ bootstrapServers }) => {
      const topic = { name: 'scale', partitions: 6, config: SMALL_LOG }
      await makeTopics(bootstrapServers, [topic])
      return told(ours, 'memory', [bootstrapServers, memoryMessages, await recordsFile()])
    }),
}

interface Size {
  readonly brokers: number
  readonly partitions: number
}

/** Ours and the reference at each size, alternating; a cluster of its own for each run. */
async function points(
  { rounds, messages }: Flags,
  ours: string,
  sizes: readonly number[],
  sizeOf: (at: number) => Size,
): Promise<Point[]> {
  const clients = allPeers(ours).filter(({ name }) => name === OURS || name === REFERENCE)
  const programs = new Map<string, Program>()
  for (const { name, command } of clients) programs.set(name, await command())
  const runs: { client: string; at: number; cpu: number; rate: number }[] = []
  for (let round = 1; round <= rounds; round++) {
    for (const at of sizes) {
      for (const [client, program] of programs) {
        say(`  round ${round} of ${rounds}: ${at}, ${client}`)
        runs.push({ client, at, ...(await measureAt(ours, sizeOf(at), client, program, messages)) })
      }
    }
  }
  const found = sizes.flatMap(at =>
    [...programs.keys()].map(client => {
      const mine = runs.filter(run => run.at === at && run.client === client)
      const cpu = spread(mine.map(each => each.cpu))
      return { client, at, cpu, rate: spread(mine.map(each => each.rate)) }
    }),
  )
  const lines = found.map(({ client, at, cpu, rate }) => [
    client,
    String(at),
    cell(cpu, micros => micros.toFixed(2)),
    cell(rate, each => `${Math.round(each / 1000)}k`),
  ])
  process.stdout.write(`${grid([['client', 'of them', 'CPU µs/record', 'records/s'], ...lines])}\n`)
  return found
}

function measureAt(ours: string, size: Size, client: string, program: Program, messages: number) {
  return withCluster(ours, size.brokers, async ({ bootstrapServers }) => {
    const topic = { name: 'scale', partitions: size.partitions, config: SMALL_LOG }
    await makeTopics(bootstrapServers, [topic])
    const work = { client, mode: 'produce', codec: 'none', messages }
    const file = await recordsFile()
    const { cpuSeconds, seconds } = await runCase(work, program, [bootstrapServers, 'scale'], file)
    return { cpu: (cpuSeconds / messages) * 1e6, rate: messages / seconds }
  })
}

async function withCluster<T>(
  ours: string,
  brokers: number,
  work: (cluster: Running) => Promise<T>,
): Promise<T> {
  const cluster = await startOurs(ours, ['--brokers', String(brokers)])
  try {
    return await work(cluster)
  } finally {
    await cluster.stop()
  }
}

interface NewTopic {
  readonly name: string
  readonly partitions: number
  readonly config?: Readonly<Record<string, string>>
}

async function makeTopics(bootstrapServers: string, topics: readonly NewTopic[]): Promise<void> {
  using admin = new Admin({ 'bootstrap.servers': bootstrapServers })
  for (let from = 0; from < topics.length; from += TOPICS_A_REQUEST) {
    if (from > 0 && from % 10_000 === 0) say(`  ${from} topics made`)
    const some = topics.slice(from, from + TOPICS_A_REQUEST)
    for (const result of await admin.topics.create(some)) orThrow(result)
  }
}

/** Runs one of the programs that measure themselves; the last line that it prints is JSON. */
async function told(ours: string, name: string, args: readonly unknown[]): Promise<unknown> {
  const result = await scalePrograms(ours)(name, args.map(String))
  process.stdout.write(`${name}: ${JSON.stringify(result).slice(0, 400)}\n`)
  return result
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

function part(text: string): Part {
  const known = parts.find(each => each === text)
  if (known) return known
  throw new InvalidArgumentError(`It must be one of ${parts.join(', ')}.`)
}

function whole(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new InvalidArgumentError('It must be a whole number above 0.')
}
