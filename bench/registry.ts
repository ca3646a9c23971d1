/**
 * Values in Avro by a schema registry, beside other clients: `npm run bench:registry`. Each is
 * measured serializing alone, and serializing and producing to a real Apache Kafka; a proxy before
 * the registry counts what each of them asks for.
 */
import { dirname } from 'node:path'
import { Command } from 'commander'
import { EmbeddedRegistry } from '../src/registry/index.ts'
import { CountingProxy } from './counting-proxy.ts'
import { type Figures, measureAll } from './measure.ts'
import { available, avroPeers, buildOurs, installPeers } from './peers.ts'
import { Progress } from './progress.ts'
import { setting, writeResults } from './results.ts'
import { type Spread, spread } from './summary.ts'
import { cell, grid } from './table.ts'

const OURS = 'posthaste'
const MODES = ['avro alone', 'avro']

interface Flags {
  readonly rounds: string
  readonly messages: string
  readonly resume: boolean
}

new Command('bench:registry')
  .description('Measures values in Avro beside other clients.')
  .option('--rounds <n>', 'how often everything is run', '5')
  .option('--messages <n>', 'records a run', '300000')
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
  await using registry = await EmbeddedRegistry.start()
  await using proxy = await CountingProxy.start(registry.url)
  const ours = dirname(await buildOurs())
  const { peers, lacking } = available(avroPeers(ours, proxy.url))
  const messages = Number(flags.messages)
  const cases = MODES.flatMap(mode =>
    peers.map(({ name }) => ({ client: name, mode, codec: 'none', messages })),
  )
  const plan = { rounds: Number(flags.rounds), cases }
  const progress = await Progress.of('registry', plan, flags.resume)
  const { figures, failures } = await measureAll(plan, peers, progress)
  const rows = MODES.flatMap(mode => peers.map(({ name }) => rowOf(name, mode, figures)))
  process.stdout.write(`\n${tableOf(rows)}\n`)
  // The run that warms the broker up is one more.
  const runs = figures.length + 1
  process.stdout.write(`requests to the registry: ${proxy.requests} in ${runs} runs\n`)
  for (const name of lacking) process.stdout.write(`left out: ${name}\n`)
  for (const failure of failures.values()) process.stdout.write(`failed: ${failure}\n`)
  if (failures.size > 0) process.exitCode = 1
  const requests = proxy.requests
  await writeResults('registry', { ...setting(), messages, requests, runs, rows, figures })
  if (failures.size === 0) await progress.over()
}

interface Row {
  readonly client: string
  readonly mode: string
  readonly rate?: Spread
  readonly cpu?: Spread
  readonly rssMiB?: Spread
  /** Our rate divided by this client's, round by round. */
  readonly oursToTheirs?: Spread
  /** This client's CPU time divided by ours. */
  readonly cpuToOurs?: Spread
}

function rowOf(client: string, mode: string, all: readonly Figures[]): Row {
  const runs = all.filter(each => each.client === client && each.mode === mode)
  if (runs.length === 0) return { client, mode }
  const pairs = runs.flatMap(run => {
    const ours = all.find(
      each => each.client === OURS && each.mode === mode && each.round === run.round,
    )
    return ours ? [{ ours, run }] : []
  })
  return {
    client,
    mode,
    rate: spread(runs.map(rate)),
    cpu: spread(runs.map(cpu)),
    rssMiB: spread(runs.map(run => run.rssMiB)),
    ...(client !== OURS && {
      oursToTheirs: spread(pairs.map(({ ours, run }) => rate(ours) / rate(run))),
      cpuToOurs: spread(pairs.map(({ ours, run }) => cpu(run) / cpu(ours))),
    }),
  }
}

const rate = ({ delivered, seconds }: Figures) => delivered / seconds
const cpu = ({ delivered, cpuSeconds }: Figures) => (cpuSeconds * 1e6) / delivered

function tableOf(rows: readonly Row[]): string {
  const head = ['client', 'mode', 'records/s', 'CPU µs/record', 'peak RSS MiB']
  const ratios = ['our rate ÷ its', 'its CPU ÷ ours']
  const lines = rows.map(row => [
    row.client,
    row.mode,
    cell(row.rate, value => `${(value / 1000).toFixed(0)}k`),
    cell(row.cpu, value => value.toFixed(2)),
    cell(row.rssMiB, value => value.toFixed(0)),
    cell(row.oursToTheirs, value => value.toFixed(2)),
    cell(row.cpuToOurs, value => value.toFixed(2)),
  ])
  return grid([[...head, ...ratios], ...lines])
}
