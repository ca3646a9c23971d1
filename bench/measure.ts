import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Admin, orThrow } from '../src/index.ts'
import { startKafka } from '../test/kafka/cluster.ts'
import { root } from '../test/support/cache.ts'
import { runOrThrow } from '../test/support/run.ts'
import type { Command, Peer } from './peers.ts'
import {
  type Case,
  DEFAULT_BYTES,
  DEFAULT_PARTITIONS,
  nameOf,
  nameOfRun,
  type Plan,
  runsOf,
} from './plan.ts'
import type { Progress } from './progress.ts'
import { recordLines } from './records.ts'

/** What a client's program says of a run, and the case and round that it belongs to. */
export interface Figures extends Case {
  readonly round: number
  readonly delivered: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly rssMiB: number
  /** Microseconds, where calls were made one at a time. */
  readonly p50?: number
  readonly p99?: number
  /** Of the library, where the program knows it. */
  readonly version?: string
}

export interface Results {
  readonly figures: readonly Figures[]
  /** What went wrong, by client: it is left out from then on, and the others go on. */
  readonly failures: ReadonlyMap<string, string>
}

/** The broker settles between runs; the disk has less to write while the next one is measured. */
const REST_MS = 500
/** A broker's first records meet code that is not compiled yet: nobody's run should pay for it. */
const BROKER_WARM_UP = 300_000

/** Old records go soon, so that a long benchmark needs no large disk. */
const brokerConfig = {
  'num.partitions': DEFAULT_PARTITIONS,
  'log.segment.bytes': 64 * 1024 * 1024,
  'log.retention.bytes': 128 * 1024 * 1024,
  'log.retention.check.interval.ms': 10_000,
  'log.segment.delete.delay.ms': 1_000,
}

/** What a benchmark needs of its Kafka beside the rest. */
export interface Ground {
  readonly config?: Readonly<Record<string, string | number>>
  readonly topicOf?: (each: Case) => string
  /** Runs once, before anything is measured. */
  readonly prepare?: (bootstrapServers: string) => Promise<void>
}

/** Runs a plan on a real Kafka of its own: every case once a round, so that all meet the same. */
export async function measureAll(
  plan: Plan,
  peers: readonly Peer[],
  progress: Progress,
  { config = brokerConfig, topicOf = topicOfCase, prepare = makeTopics(plan.cases) }: Ground = {},
): Promise<Results> {
  const commands = new Map<string, Command>()
  const names = new Set(plan.cases.map(({ client }) => client))
  for (const peer of peers) if (names.has(peer.name)) commands.set(peer.name, await peer.command())
  progress.say('starting Apache Kafka ...')
  await using kafka = await startKafka({ brokers: 1, heapMb: 1024, isForLong: true, config })
  await prepare(kafka.bootstrapServers)
  const measure = async (each: Case) => {
    const place = [kafka.bootstrapServers, topicOf(each)] as const
    return runCase(each, commands.get(each.client)!, place, await recordsFile(each.bytes))
  }
  const runs = runsOf(plan).filter(({ each }) => commands.has(each.client))
  const first = runs.find(({ each }) => each.messages > 0)
  if (first) await measure({ ...first.each, messages: BROKER_WARM_UP })
  const figures: Figures[] = [...progress.known]
  const failures = new Map<string, string>()
  progress.begin(runs.length)
  for (const { round, each } of runs) {
    const name = nameOf(each)
    if (failures.has(each.client) || !progress.next(round, each)) continue
    try {
      figures.push({ ...each, round, ...(await measure(each)) })
      await progress.keep(figures)
    } catch (error) {
      failures.set(each.client, `${name}: ${error instanceof Error ? error.message : error}`)
      progress.say(`failed: ${failures.get(each.client)}`)
    }
    await pause(REST_MS)
  }
  // Those of a run that was stopped came first: rows are in the plan's order all the same.
  const found = new Map(figures.map(each => [nameOfRun(each.round, each), each]))
  const inOrder = runs.flatMap(({ round, each }) => found.get(nameOfRun(round, each)) ?? [])
  return { figures: inOrder, failures }
}

function topicOfCase({ partitions }: Case): string {
  return partitions === undefined ? 'bench' : `bench-${partitions}`
}

/** The topics whose numbers of partitions are not the broker's default. */
function makeTopics(cases: readonly Case[]) {
  const topics = new Map(
    cases.flatMap(each => {
      const { partitions } = each
      return partitions === undefined ? [] : [[topicOfCase(each), partitions] as const]
    }),
  )
  return async (bootstrapServers: string): Promise<void> => {
    if (topics.size === 0) return
    using admin = new Admin({ 'bootstrap.servers': bootstrapServers })
    const wanted = [...topics].map(([name, partitions]) => ({ name, partitions }))
    for (const result of await admin.topics.create(wanted)) orThrow(result)
  }
}

type Measured = Omit<Figures, keyof Case | 'round'>

export async function runCase(
  { client, mode, codec, messages }: Case,
  { words, byMode, env }: Command,
  place: readonly [bootstrapServers: string, topic: string],
  file: string,
): Promise<Measured> {
  const [program, ...before] = byMode?.[mode] ?? words
  const args = [...before, ...place, String(messages), codec, mode, file]
  const { stdout } = await runOrThrow(program!, args, { env: { ...process.env, ...env } })
  const measured: Measured = JSON.parse(stdout.trim().split('\n').at(-1)!)
  if (measured.delivered !== messages) {
    throw new Error(`${client}: ${measured.delivered} of ${messages} records were acknowledged`)
  }
  return measured
}

const written = new Map<number, Promise<string>>()

/** The file with the records that every client sends, made once. */
export function recordsFile(bytes: number = DEFAULT_BYTES): Promise<string> {
  const known = written.get(bytes) ?? writeRecords(bytes)
  written.set(bytes, known)
  return known
}

async function writeRecords(bytes: number): Promise<string> {
  const folder = join(root, '.cache', 'bench')
  const file = join(folder, `records-${bytes}.tsv`)
  await mkdir(folder, { recursive: true })
  await writeFile(file, `${recordLines(bytes).join('\n')}\n`)
  return file
}
