import { REFERENCE } from './plan.ts'
import type { Row, Spread } from './summary.ts'

const rate = (value: number) => `${(value / 1000).toFixed(0)}k`
const micros = (value: number) => value.toFixed(value < 10 ? 2 : 0)
const mebibytes = (value: number) => value.toFixed(0)
const ratio = (value: number) => value.toFixed(2)

/** The work of a row, as far as it is not the usual one. */
function workOf({ codec, bytes, partitions }: Row): string {
  const size = bytes === undefined ? '' : `, ${bytes} bytes`
  const width = partitions === undefined ? '' : `, ${partitions} partitions`
  return `${codec}${size}${width}`
}

/** The figures as text: medians, and in brackets the least and the most of the rounds. */
export function table(rows: readonly Row[]): string {
  const producers = rows.filter(({ messages, p50 }) => messages > 0 && p50 === undefined)
  const latencies = rows.filter(({ p50 }) => p50 !== undefined)
  const head = ['client', 'mode', 'work', 'records/s', 'CPU µs/record', 'peak RSS MiB']
  const lines = producers.map(row => [
    row.client,
    row.mode,
    workOf(row),
    cell(row.rate, rate),
    cell(row.cpu, micros),
    cell(row.rssMiB, mebibytes),
    cell(row.rateRatio, ratio),
    cell(row.cpuRatio, ratio),
  ])
  const parts = [grid([[...head, `rate ÷ ${REFERENCE}`, `CPU ÷ ${REFERENCE}`], ...lines])]
  if (latencies.length > 0) {
    const awaited = latencies.map(row => [
      row.client,
      row.mode,
      cell(row.p50, micros),
      cell(row.p99, micros),
      cell(row.cpu, micros),
    ])
    parts.push(grid([['one record at a time', 'way', 'p50 µs', 'p99 µs', 'CPU µs'], ...awaited]))
  }
  const idle = rows.find(({ messages }) => messages === 0)
  if (idle)
    parts.push(`Node alone, with the records in memory: ${cell(idle.rssMiB, mebibytes)} MiB`)
  return parts.join('\n\n')
}

export function cell(spread: Spread | undefined, format: (value: number) => string): string {
  if (!spread) return ''
  const { median, min, max } = spread
  const [middle, least, most] = [format(median), format(min), format(max)]
  return least === most ? middle : `${middle} (${least}–${most})`
}

export function grid(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map(line => line[i]!.length)))
  const padded = lines.map(line =>
    line.map((text, i) => (i < 3 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!))).join('  '),
  )
  return [padded[0]!, '-'.repeat(padded[0]!.length), ...padded.slice(1)].join('\n')
}
