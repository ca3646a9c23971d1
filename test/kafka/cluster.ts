import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rename, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { freePorts, isFree } from '../support/ports.ts'
import type { Outcome } from '../support/run.ts'
import { KafkaBroker } from './broker.ts'
import { kafkaPrograms } from './jars.ts'
import { brokerArgs, runJava } from './java.ts'
import { type BrokerConfig, type Place, serverProperties } from './properties.ts'
import { watchOver } from './undertaker.ts'

export interface KafkaOptions {
  /** How many brokers, each also a controller. Default: 1. */
  readonly brokers?: number
  /** The first broker's port, the next ones following. Default: free ones. */
  readonly port?: number
  /** Kept, and opened again when it holds a cluster. Default: a temporary folder. */
  readonly dataDir?: string
  /** Broker settings over ours, the same for each broker or by its place. */
  readonly config?: BrokerConfig | ((place: Place) => BrokerConfig)
  /** More arguments for `kafka-storage format`, as `['--feature', 'transaction.version=1']`. */
  readonly format?: readonly string[]
  /** Each broker's Java heap in MiB. Default: 512. */
  readonly heapMb?: number
  /**
   * Whether the JVM may take its time to compile what it runs often, which starts and first
   * minutes pay for: for benchmarks, and whatever runs for long. Default: false.
   */
  readonly isForLong?: boolean
  /** A folder of classes that brokers are to find beside their own, as plugins are. */
  readonly plugins?: string
  /** Where to listen, and what is advertised. Default: 127.0.0.1. */
  readonly host?: string
}

export interface ToolOptions {
  readonly stdin?: string | Uint8Array
  readonly signal?: AbortSignal
  /** Whether to add `--bootstrap-server` where the arguments have none. Default: true. */
  readonly bootstrap?: boolean
}

/** What a data folder must remember, because the quorum's log remembers it too. */
interface Layout {
  readonly clusterId: string
  readonly controllers: readonly { readonly port: number; readonly directoryId: string }[]
}

/**
 * Starts a real Apache Kafka cluster (KRaft, combined roles, one JVM a broker) and resolves when
 * every broker answers and knows all the others. Whatever becomes of this process, its JVMs end
 * with it and a temporary folder goes.
 *
 * @example
 * await using kafka = await startKafka({ brokers: 3 })
 * await kafka.tool('TopicCommand', ['--create', '--topic', 'orders', '--partitions', '6'])
 */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaCluster> {
  const { heapMb = 512, isForLong = false, config = {}, format = [], dataDir } = options
  const programs = await kafkaPrograms(options.plugins)
  const folder = dataDir ? resolve(dataDir) : await mkdtemp(join(tmpdir(), 'posthaste-kafka-'))
  await mkdir(folder, { recursive: true })
  const dismiss = await watchOver(folder, !dataDir)
  const brokers: KafkaBroker[] = []
  const cluster = new KafkaCluster(brokers, options.host ?? '127.0.0.1', async () => {
    // Asking nicely only pays where somebody will read the data again.
    await Promise.all(brokers.map(broker => (dataDir ? broker.stop() : broker.kill())))
    await dismiss()
  })
  try {
    const known = await readLayout(folder)
    const layout = known ?? (await newLayout(options))
    const places = placesOf(layout, options, folder, await brokerPorts(options))
    await writeProperties(places, config)
    if (!known) await formatAll(places, layout, format)
    if (!known) await writeLayout(folder, layout)
    for (const place of places) {
      const args = brokerArgs(programs, heapMb, isForLong, place.folder)
      brokers.push(new KafkaBroker(place, args))
    }
    const allKnown = (ids: number[]) => places.every(place => ids.includes(place.id))
    await Promise.all(brokers.map(broker => broker.start(allKnown)))
  } catch (error) {
    await cluster.stop()
    throw error
  }
  return cluster
}

/** A running cluster of real brokers. */
export class KafkaCluster {
  readonly brokers: readonly KafkaBroker[]
  readonly #host: string
  readonly #end: () => Promise<void>

  constructor(brokers: readonly KafkaBroker[], host: string, end: () => Promise<void>) {
    this.brokers = brokers
    this.#host = host
    this.#end = end
  }

  get bootstrapServers(): string {
    return this.brokers.map(broker => `${this.#host}:${broker.port}`).join(',')
  }

  /** Runs one of Kafka's own programs against this cluster (see `runKafkaTool`). */
  tool(name: string, args: readonly string[], options: ToolOptions = {}): Promise<Outcome> {
    return runKafkaTool(this.bootstrapServers, name, args, options)
  }

  /** Ends every broker. Data in a folder that was asked for is closed in order first. */
  async stop(): Promise<void> {
    await this.#end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

/**
 * Runs one of Kafka's own programs (`TopicCommand`, `ConsoleConsumer`, … or a full class name)
 * to its end. Its exit code is for the caller to judge.
 */
export function runKafkaTool(
  bootstrapServers: string,
  name: string,
  args: readonly string[],
  { bootstrap = true, ...options }: ToolOptions = {},
): Promise<Outcome> {
  const named = args.some(arg => arg.startsWith('--bootstrap-'))
  const where = bootstrap && !named ? ['--bootstrap-server', bootstrapServers] : []
  return runJava(name, [...where, ...args], options)
}

/** One of Kafka's own programs on its way, called off at the latest with what holds it. */
export interface RunningTool extends AsyncDisposable {
  readonly outcome: Promise<Outcome>
}

/** Begins a program that reads until it has enough, or for ever; else as `runKafkaTool`. */
export function beginKafkaTool(
  bootstrapServers: string,
  name: string,
  args: readonly string[],
): RunningTool {
  const over = new AbortController()
  const outcome = runKafkaTool(bootstrapServers, name, args, { signal: over.signal })
  const ended = outcome.then(
    () => {},
    () => {},
  )
  return {
    outcome,
    async [Symbol.asyncDispose]() {
      over.abort()
      await ended
    },
  }
}

async function brokerPorts({ port, brokers = 1, host }: KafkaOptions): Promise<number[]> {
  if (!port) return freePorts(brokers, host)
  const ports = Array.from({ length: brokers }, (_, i) => port + i)
  // Looked at before the start: else whoever listens there might pass for the broker.
  for (const wanted of ports) {
    if (!(await isFree(wanted, host)))
      throw new Error(`port ${wanted} is taken: cannot listen on it`)
  }
  return ports
}

async function newLayout({ brokers = 1, host }: KafkaOptions): Promise<Layout> {
  const ports = await freePorts(brokers, host)
  return {
    clusterId: randomUuid(),
    controllers: ports.map(port => ({ port, directoryId: randomUuid() })),
  }
}

function placesOf(
  { controllers }: Layout,
  { brokers = 1, host = '127.0.0.1' }: KafkaOptions,
  folder: string,
  ports: readonly number[],
): Place[] {
  if (controllers.length !== brokers) {
    throw new Error(`${folder} holds a cluster of ${controllers.length} brokers, not ${brokers}`)
  }
  return controllers.map((controller, i) => ({
    id: i + 1,
    host,
    port: ports[i]!,
    controllerPort: controller.port,
    folder: join(folder, `broker-${i + 1}`),
  }))
}

async function writeProperties(
  places: readonly Place[],
  config: NonNullable<KafkaOptions['config']>,
): Promise<void> {
  for (const place of places) {
    const overrides = typeof config === 'function' ? config(place) : config
    await mkdir(place.folder, { recursive: true })
    const text = serverProperties(place, places, overrides)
    await writeFile(join(place.folder, 'server.properties'), text)
  }
}

/** Gives each broker its empty metadata log, which names the first set of controllers. */
async function formatAll(
  places: readonly Place[],
  { clusterId, controllers }: Layout,
  more: readonly string[],
): Promise<void> {
  const quorum = places.map((place, i) => {
    return `${place.id}@${place.host}:${place.controllerPort}:${controllers[i]!.directoryId}`
  })
  const formatOne = async (place: Place) => {
    const properties = join(place.folder, 'server.properties')
    const args = ['--cluster-id', clusterId, '--config', properties]
    const first = ['--initial-controllers', quorum.join(',')]
    const outcome = await runJava('StorageTool', ['format', ...args, ...first, ...more])
    if (outcome.code !== 0) {
      throw new Error(`cannot format ${place.folder}:\n${outcome.stderr}\n${outcome.stdout}`)
    }
  }
  await Promise.all(places.map(formatOne))
}

async function readLayout(folder: string): Promise<Layout | undefined> {
  const text = await readFile(join(folder, 'cluster.json'), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : JSON.parse(text)
}

/** Written last and whole, so that a folder whose formatting was cut short is not trusted. */
async function writeLayout(folder: string, layout: Layout): Promise<void> {
  const draft = join(folder, 'cluster.json.draft')
  await writeFile(draft, `${JSON.stringify(layout, null, 2)}\n`)
  await rename(draft, join(folder, 'cluster.json'))
}

/** A random id in Kafka's spelling: 22 characters that do not start with a dash. */
function randomUuid(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url')
    if (!id.startsWith('-')) return id
  }
}
