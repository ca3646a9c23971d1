import { Command, InvalidArgumentError } from 'commander'
import { startKafka } from '../test/kafka/cluster.ts'

interface Flags {
  readonly brokers: number
  readonly port: number
  readonly data?: string
  readonly heap: number
  readonly config?: Readonly<Record<string, string>>
}

const program = new Command('kafka')
  .description('Starts a real Apache Kafka cluster for development. Needs java and mvn.')
  .option('--brokers <n>', 'how many brokers, each also a controller', between(1, 9), 1)
  .option(
    '--port <port>',
    "the first broker's port, the next ones follow",
    between(1, 65_526),
    9092,
  )
  .option('--data <dir>', 'keep the data here, and open it again (default: a temporary folder)')
  .option('--heap <mib>', "each broker's Java heap", between(128, 65_536), 512)
  .option('--config <key=value>', 'a broker setting; may be repeated', collect)
  .allowExcessArguments(false)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .action(serve)

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
})

async function serve({ brokers, port, data, heap, config = {} }: Flags): Promise<void> {
  const asked = new Promise<void>(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve)
  })
  const starting = startKafka({
    brokers,
    port,
    heapMb: heap,
    isForLong: true,
    config,
    ...(data === undefined ? {} : { dataDir: data }),
  })
  // Interrupted before it is up: there is nothing to close in order, and the JVMs end with us.
  const kafka = await Promise.race([starting, asked])
  if (!kafka) process.exit(130)
  process.stdout.write(`ready ${kafka.bootstrapServers}\n`)
  const alive = setInterval(() => {}, 60_000)
  await asked
  process.stderr.write('stopping ...\n')
  await kafka.stop()
  clearInterval(alive)
}

function between(least: number, most: number): (text: string) => number {
  return text => {
    const value = Number(text)
    if (Number.isInteger(value) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
  }
}

function collect(
  text: string,
  known: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const cut = text.indexOf('=')
  if (cut < 1) throw new InvalidArgumentError('It must be a setting and its value: key=value.')
  return { ...known, [text.slice(0, cut)]: text.slice(cut + 1) }
}
