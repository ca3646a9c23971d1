import { join } from 'node:path'
import type { Command } from 'commander'
import { EmbeddedCluster } from '../../broker/index.ts'
import type { Dashboard } from '../../dashboard/index.ts'
import { asError } from '../../errors.ts'
import { listen } from '../../events.ts'
import { consoleLogger } from '../../logger.ts'
import type { EmbeddedRegistry } from '../../registry/index.ts'
import { wholeNumber } from '../arguments.ts'
import { exitCodes, UsageError } from '../exit.ts'
import { Interrupt } from '../interrupt.ts'
import { Output } from '../output.ts'
import { requestLine } from '../request-lines.ts'
import type { CommonFlags } from '../settings.ts'

interface Flags extends CommonFlags {
  readonly port: number
  readonly host: string
  readonly brokers: number
  readonly advertised?: string
  readonly data?: string
  readonly fsync: boolean
  readonly defaultPartitions: number
  readonly autoCreate: boolean
  readonly registryPort?: number
  readonly uiPort?: number
}

const examples = `
Examples:
  posthaste broker
  posthaste broker --brokers 3 --port 19092 --default-partitions 6 --data ./kafka-data
  posthaste broker --host 0.0.0.0 --advertised kafka.example.org:9092

Any Kafka client can use it. It is made for development and tests: copies of partitions are not
kept. Prints "ready HOST:PORT,…" when it serves; Ctrl-C, or SIGTERM, closes it in order. With --verbose
each request is a line on stderr: broker, API and version, client, topics, time, errors.`

export function declare(command: Command): void {
  command
    .option('--port <port>', 'of the first broker, others follow; 0: free ones', port, 9092)
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .option('--brokers <n>', 'how many', wholeNumber(1, 100), 1)
    .option('--advertised <host:port,…>', 'what clients are told, one for each broker')
    .option('--data <folder>', 'keep everything there (default: in memory)')
    .option('--fsync', 'with --data: acknowledge only what is on the disk', false)
    .option('--default-partitions <n>', 'of a new topic', wholeNumber(1, 100_000), 1)
    .option('--no-auto-create', 'topics do not come into being when they are first asked for')
    .option('--registry-port <port>', 'a schema registry too, at this port; 0: a free one', port)
    .option('--ui-port <port>', 'a page that shows what goes on, at this port; 0: a free one', port)
    .addHelpText('after', examples)
    .action(async () => {
      process.exitCode = await serve(command.optsWithGlobals<Flags>())
    })
}

const port = wholeNumber(0, 65_535)

/** Serves until it is told to end; gives the exit code. */
async function serve(flags: Flags): Promise<number> {
  using interrupt = new Interrupt()
  if (flags.verbose)
    listen('broker:answered', told => process.stderr.write(`${requestLine(told)}\n`))
  const out = new Output(process.stdout)
  await using cluster = await start(flags)
  await using registry = await startRegistry(flags)
  await using page = await startPage(flags, cluster)
  const url = registry?.url
  const ui = page?.url
  if (flags.json) out.json({ ready: cluster.bootstrapServers.split(','), registry: url, ui })
  else out.line(`ready ${cluster.bootstrapServers}`)
  if (!flags.json && url !== undefined) out.line(`registry ${url}`)
  if (!flags.json && ui !== undefined) out.line(`ui ${ui}`)
  out.push()
  await interrupt.asked
  if (flags.verbose) process.stderr.write('closing …\n')
  // Ending it is what one does with a broker, not an accident.
  return exitCodes.done
}

async function start(flags: Flags): Promise<EmbeddedCluster> {
  const { host, brokers, data, defaultPartitions, autoCreate, advertised } = flags
  try {
    return await EmbeddedCluster.start({
      host,
      port: flags.port,
      brokers,
      defaultPartitions,
      autoCreateTopics: autoCreate,
      fsync: flags.fsync,
      advertised: advertised === undefined ? [] : advertised.split(',').map(addressOf),
      logger: consoleLogger(flags.verbose ? 'debug' : flags.quiet ? 'error' : 'warn'),
      ...(data !== undefined && { dataDir: data }),
    })
  } catch (thrown) {
    const error = asError(thrown)
    if (!('code' in error && error.code === 'EADDRINUSE')) throw error
    throw new UsageError(`somebody listens there already (${error.message})`, 'take another --port')
  }
}

/** The page that shows what goes on in the cluster; elsewhere than here it takes a token. */
async function startPage(
  { host, uiPort }: Flags,
  cluster: EmbeddedCluster,
): Promise<Dashboard | null> {
  if (uiPort === undefined) return null
  const { dashboard } = await import('../../dashboard/index.ts')
  try {
    return await dashboard(cluster, { host, port: uiPort, title: cluster.bootstrapServers })
  } catch (thrown) {
    const error = asError(thrown)
    if (!('code' in error && error.code === 'EADDRINUSE')) throw error
    throw new UsageError(
      `somebody listens there already (${error.message})`,
      'take another --ui-port',
    )
  }
}

/** The schema registry beside the cluster, with its data in a folder of the cluster's. */
async function startRegistry({
  host,
  registryPort,
  data,
}: Flags): Promise<EmbeddedRegistry | null> {
  if (registryPort === undefined) return null
  const { EmbeddedRegistry } = await import('../../registry/index.ts')
  const folder = data === undefined ? {} : { dataDir: join(data, 'registry') }
  try {
    return await EmbeddedRegistry.start({ host, port: registryPort, ...folder })
  } catch (thrown) {
    const error = asError(thrown)
    if (!('code' in error && error.code === 'EADDRINUSE')) throw error
    throw new UsageError(
      `somebody listens there already (${error.message})`,
      'take another --registry-port',
    )
  }
}

function addressOf(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s/]+)):(\d{1,5})$/.exec(text.trim())
  const host = match?.[1] ?? match?.[2]
  const given = Number(match?.[3])
  if (host !== undefined && given >= 1 && given <= 65_535) return { host, port: given }
  throw new UsageError(`--advertised has ${JSON.stringify(text)}, which is not host:port`)
}
