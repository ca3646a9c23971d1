import type { Row, Spread } from '../../../bench/summary.ts'
import { goals } from './goals.ts'
import type { ClientResults, Results, ScalePoint } from './results.ts'

const micros = (value: number) => value.toFixed(value < 10 ? 2 : 0)
const two = (value: number) => value.toFixed(2)
const thousands = (value: number) => `${Math.round(value / 1000)}k`
const whole = (value: number) => value.toFixed(0)

/** The median, with the least and the most. */
function cell(spread: Spread | undefined, text: (value: number) => string): string {
  if (!spread) return ''
  const [median, min, max] = [spread.median, spread.min, spread.max].map(text)
  return min === max ? `${median}` : `${median} (${min}–${max})`
}

function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...lines.map(line)].join('\n')
}

/** When, where, and what else ran. */
function about(results: ClientResults | NonNullable<Results['scale']>): string {
  const { date, machine, node, load } = results
  const busy = load ? `, load ${load.join(', ')} at the end` : ''
  return `${date}, ${machine}${node ? `, Node ${node.slice(1)}` : ''}${busy}.`
}

const nothing = 'Not measured yet.'

function goalTable(results: Results): string {
  const lines = goals.map(({ what, goal, command, missed, reached }) => {
    const found = reached(results)
    const verdict = found ? (found.isMet ? 'met' : '**missed**') : 'not measured'
    const why = found && !found.isMet ? missed : ''
    return [what, goal, found?.text ?? '', verdict, `\`${command}\``, why]
  })
  return table(['what', 'goal', 'reached', '', 'command', 'if missed, why'], lines)
}

const isUsual = ({ bytes, partitions }: Row) => bytes === undefined && partitions === undefined

const figures = (row: Row) => [
  cell(row.rate, thousands),
  cell(row.cpu, micros),
  cell(row.cpuRatio, two),
  cell(row.rateRatio, two),
  cell(row.rssMiB, whole),
]
const figureHeads = [
  'records/s',
  'CPU µs/record',
  'CPU ÷ librdkafka',
  'rate ÷ librdkafka',
  'peak RSS MiB',
]

function producerTable({ producer }: Results): string {
  if (!producer) return nothing
  const rows = producer.rows.filter(row => isUsual(row) && row.mode === 'produce')
  const lines = rows.map(row => [row.client, row.codec, ...figures(row)])
  const head = ['client', 'codec', ...figureHeads]
  return `${about(producer)}\n\n${table(head, lines)}`
}

function wayTable({ producer }: Results): string {
  const ways = new Set([
    'text',
    'callback',
    'send',
    'batch-1',
    'batch-10',
    'batch-100',
    'batch-1000',
  ])
  const rows = producer?.rows.filter(row => ways.has(row.mode)) ?? []
  if (rows.length === 0) return nothing
  const lines = rows.map(row => [row.client, row.mode.replace('-', ' of '), ...figures(row)])
  return table(['client', 'way', ...figureHeads], lines)
}

function workTable({ producer }: Results, key: 'bytes' | 'partitions'): string {
  const rows = producer?.rows.filter(row => row[key] !== undefined) ?? []
  if (rows.length === 0) return nothing
  const lines = rows.map(row => [row.client, String(row[key]), ...figures(row)])
  return table(['client', key === 'bytes' ? 'bytes of a value' : key, ...figureHeads], lines)
}

function timeTable({ producer }: Results): string {
  const rows = producer?.rows.filter(({ p50 }) => p50 !== undefined) ?? []
  if (rows.length === 0) return nothing
  const lines = rows.map(row => [
    row.client,
    row.mode === 'latency' ? 'until its acknowledgement' : 'until a consumer has it',
    cell(row.p50, whole),
    cell(row.p99, whole),
    cell(row.cpu, whole),
  ])
  return table(['client', 'one record', 'p50 µs', 'p99 µs', 'CPU µs'], lines)
}

function variantTable({ variants }: Results): string {
  if (!variants) return nothing
  const lines = variants.rows.map(row => {
    const [client, how = 'as measured above'] = row.client.split('; ')
    const usual = variants.rows.find(other => other.client === client)
    const share = usual && usual !== row ? two(row.cpu.median / usual.cpu.median) : ''
    return [client!, how, cell(row.cpu, micros), share, cell(row.rate, thousands)]
  })
  const head = ['client', 'how', 'CPU µs/record', 'of the usual', 'records/s']
  return `${about(variants)}\n\n${table(head, lines)}`
}

function consumerTable({ consumer }: Results): string {
  if (!consumer) return nothing
  const rows = consumer.rows.filter(({ messages }) => messages > 0)
  const lines = rows.map(row => [row.client, row.mode, row.codec, ...figures(row)])
  return `${about(consumer)}\n\n${table(['client', 'way', 'codec', ...figureHeads], lines)}`
}

function pointLines(points: readonly ScalePoint[] | undefined, what: string): string[][] {
  return (points ?? []).map(({ client, at, cpu, rate }) => [
    `${at} ${what}`,
    client,
    cell(cpu, micros),
    cell(rate, thousands),
  ])
}

function scaleTable({ scale }: Results): string {
  if (!scale) return nothing
  const { partitions, brokers, connections, metadata, memory } = scale
  const lines = [...pointLines(partitions, 'partitions'), ...pointLines(brokers, 'brokers')]
  const parts = [about(scale), table(['', 'client', 'CPU µs/record', 'records/s'], lines)]
  if (connections) {
    const { producers, firstMs, cpuMicros, idleCpuPercent, rssMiB } = connections
    parts.push(
      `**${producers} producers in a process**, ${connections.connections} connections to 3 brokers: ` +
        `the first record of each within ${whole(firstMs)} ms, ${two(cpuMicros)} µs a record when all ` +
        `produce, ${two(idleCpuPercent)} % of a core when none does, ${whole(rssMiB)} MiB.`,
    )
  }
  if (metadata) {
    const ways = {
      list: '`admin.topics.list()`',
      pattern: 'a consumer subscribed to a pattern',
      looking: 'a producer that looks at each topic',
      resting: 'nothing at all, for a second',
    }
    const rows = Object.entries(ways).map(([key, name]) => {
      const { pauseMs, seconds } = metadata[key as keyof typeof ways]
      return [name, cell(pauseMs, whole), seconds.toFixed(1)]
    })
    const head = [`${metadata.topics.toLocaleString('en')} topics`, 'longest pause ms', 'seconds']
    parts.push(table(head, rows))
  }
  if (memory) {
    const { delivered, aloneMiB, peakMiB } = memory
    parts.push(
      `**Memory over ${delivered.toLocaleString('en')} records**: ${whole(aloneMiB)} MiB with the ` +
        `records before the first is sent, ${whole(peakMiB)} MiB at the peak.`,
    )
  }
  return parts.join('\n\n')
}

function brokerTable({ broker }: Results): string {
  if (!broker) return nothing
  const lines = broker.rows.map(row => [
    row.broker,
    row.codec,
    cell(row.rate, thousands),
    cell(row.brokerMicros, micros),
    cell(row.clientMicros, micros),
  ])
  const head = ['broker', 'codec', 'records/s', 'broker CPU µs/record', 'client CPU µs/record']
  const { cold, warm } = broker.start
  const start = `Start: ${cell(cold, whole)} ms in a fresh process, ${cell(warm, whole)} ms the next time.`
  return [about({ ...broker, rows: [] }), table(head, lines), start].join('\n\n')
}

/** The tables of docs/performance.md, by the names of their marks. */
export const tables: Readonly<Record<string, (results: Results) => string>> = {
  goals: goalTable,
  producers: producerTable,
  ways: wayTable,
  sizes: results => workTable(results, 'bytes'),
  partitions: results => workTable(results, 'partitions'),
  times: timeTable,
  variants: variantTable,
  consumers: consumerTable,
  scale: scaleTable,
  broker: brokerTable,
}
